"""What becomes of mail when the server refuses one of three readers, and who at roZoom hears of it."""

from itertools import pairwise
from typing import Any

import pytest

from notifications.delivery import deliver
from notifications.expansion import expand
from notifications.models import Delivery, Notice
from notifications.undelivered import note_bounce
from tenancy.context import work_unit
from tests.notifications.outbox import WORKER, let_time_pass, mails
from tests.notifications.smtp import Handler
from tests.world import World, message, ticket


def told(world: World, name: str) -> list[str]:
    with work_unit(WORKER):
        found = Notice.objects.filter(person_id=world.people[name].person_id, topic="mail.undelivered")
        return list(found.values_list("title", flat=True))


def states() -> dict[str, str]:
    return {mail.recipient.partition("@")[0]: mail.state for mail in mails()}


def test_a_refusal_for_one_of_three_stops_neither_of_the_others(world: World, mail_server: Handler) -> None:
    mail_server.at_rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("ana@") else None
    filed = ticket(world, "ana", severity=1)
    expand(seconds=5)
    deliver(seconds=5)
    assert states() == {"ana": "DEAD", "marek": "SENT", "rita": "SENT", "dirk": "SENT"}
    assert sorted(mail_server.recipients) == ["dirk@test.example", "marek@test.example", "rita@test.example"]
    expand(seconds=5)
    deliver(seconds=5)
    for name in ("marek", "rita"):
        assert told(world, name) == ["Not delivered: the mail to ana@test.example"]
    assert told(world, "dirk") == []
    assert len(mail_server.mails) == 3  # no mail about a mail
    page = world.client("marek").get(f"/desk/tickets/{filed.reference}/").content.decode()
    assert "Mail to ana@test.example was not delivered" in page
    assert "no such user" in page
    for other in ("dirk", "nils"):
        assert "was not delivered" not in world.client(other).get(f"/desk/tickets/{filed.reference}/").content.decode()


def test_when_it_goes_out_after_all_the_ticket_says_nothing_more(world: World, mail_server: Handler) -> None:
    mail_server.at_rcpt = lambda address: "550 no"
    filed = ticket(world, "ilse")
    expand(seconds=5)
    deliver(seconds=5)
    mail_server.at_rcpt = lambda address: None
    with work_unit(WORKER):
        Delivery.objects.filter(state="DEAD").update(state="QUEUED", attempts=0)
    let_time_pass()
    deliver(seconds=5)
    page = world.client("marek").get(f"/desk/tickets/{filed.reference}/").content.decode()
    assert "was not delivered" not in page


def test_a_bounce_that_comes_later_counts_as_well(world: World, mail_server: Handler) -> None:
    ticket(world, "ilse")
    expand(seconds=5)
    deliver(seconds=5)
    (mail,) = [mail for mail in mails() if mail.recipient == "ilse@test.example"]
    for is_news in (True, False):
        with work_unit(WORKER) as unit:
            assert note_bounce(mail, "5.1.1 mailbox is gone", unit.now) is is_news
    expand(seconds=5)
    assert told(world, "marek") == ["Not delivered: the mail to ilse@test.example"]


# --- order ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def answered(world: World, mail_server: Handler) -> Any:
    """Three answers in a ticket of Ilse's, waiting to be sent; nothing else."""
    filed = ticket(world, "ilse")
    expand(seconds=5)
    with work_unit(WORKER):
        Delivery.objects.all().delete()
    for number in range(3):
        message(world, filed, body=f"Answer {number}")
    expand(seconds=5)
    return filed


def bodies(mail_server: Handler) -> list[str]:
    texts = [mail.get_payload(0).get_payload(decode=True).decode() for mail in mail_server.mails]
    return [next(f"{n}" for n in range(3) if f"    Answer {n}" in text) for text in texts]


@pytest.mark.parametrize("answer", ["451 4.7.1 greylisted", "421 4.3.2 too busy"])
def test_a_later_mail_of_a_thread_never_overtakes_one_that_was_put_off(
    world: World, answered: Any, mail_server: Handler, answer: str
) -> None:
    refusals = iter([answer, answer])
    mail_server.at_rcpt = lambda address: next(refusals, None)
    for _ in range(6):
        deliver(seconds=5)
        let_time_pass()
    assert bodies(mail_server) == ["0", "1", "2"]
    assert {mail.state for mail in mails()} == {"SENT"}


def test_one_that_is_given_up_lets_the_next_one_go(world: World, answered: Any, mail_server: Handler) -> None:
    refusals = iter(["554 too many links"])
    mail_server.at_data = lambda message: next(refusals, None)
    for _ in range(4):
        deliver(seconds=5)
    assert bodies(mail_server) == ["1", "2"]


def test_mails_of_a_thread_name_the_one_before_and_keep_their_subject(
    world: World, answered: Any, mail_server: Handler
) -> None:
    with work_unit(world.actor("marek").context):
        type(answered).objects.filter(pk=answered.pk).update(subject="Corrected meanwhile")
    message(world, answered, body="Answer 3")
    expand(seconds=5)
    for _ in range(5):
        deliver(seconds=5)
    sent = mail_server.mails
    root = f"<ticket.{answered.reference.lower()}@rozoom.example>"
    assert sent[0]["In-Reply-To"] == sent[0]["References"] == root
    for before, after in pairwise(sent):
        assert after["In-Reply-To"] == before["Message-ID"]
        assert after["References"].split() == [root, before["Message-ID"]]
    assert {mail["Subject"] for mail in sent} == {f"[{answered.reference}] Lift 2 stands still"}
    assert len({mail["Message-ID"] for mail in sent}) == 4


def test_what_was_written_before_stands_below_as_far_as_its_reader_may_read_it(
    world: World, mail_server: Handler
) -> None:
    filed = ticket(world, "ilse", description="It stopped between floors.")
    message(world, filed, body="Public one")
    message(world, filed, body="Secret of roZoom", kind="internal")
    message(world, filed, body="Between us and Delta", kind="partner")
    expand(seconds=5)
    with work_unit(WORKER):
        Delivery.objects.all().delete()
    message(world, filed, "ilse", body="Newest")
    message(world, filed, "rita", body="Our answer")
    expand(seconds=5)
    mine = [mail for mail in mails() if mail.recipient == "ilse@test.example"]
    (mail,) = mine
    for part in (mail.text, mail.html):
        places = [part.index(words) for words in ("Our answer", "Newest", "Public one", "It stopped between floors.")]
        assert places == sorted(places)
        assert "Secret" not in part
        assert "Between us" not in part
    (for_delta,) = [mail for mail in mails() if mail.recipient == "dirk@test.example" and "Newest" in mail.text]
    assert "Between us and Delta" in for_delta.text
    assert "Secret" not in for_delta.text
