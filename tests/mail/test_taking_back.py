"""Reply addresses taken back: by roZoom for a ticket, by a person for themselves."""

from typing import Any

import pytest
from django.urls import reverse

from notifications.delivery import deliver
from notifications.expansion import expand
from notifications.models import Delivery
from tenancy.context import work_unit
from tenancy.models import AuditEvent
from tests.mail.post import WORKER, answer, letter, mails_about, messages_of, receive, reply_to
from tests.notifications.conftest import mail_server
from tests.notifications.smtp import Handler
from tests.world import STAFF, World, ensure_context, message, ticket
from tickets.mail.taking_back import CannotTakeBack, take_back
from tickets.models import ReplyAddress, Ticket

__all__ = ["mail_server"]
REASON = "It was sent on to a mailing list"


def mailed(world: World) -> Ticket:
    """A ticket that Ilse has a mail about."""
    filed = ticket(world)
    message(world, filed)
    return filed


def url_of(filed: Ticket) -> str:
    return reverse("desk:take_back", args=[filed.reference])


def in_force() -> list[tuple[str, str]]:
    with ensure_context(WORKER):
        rows = ReplyAddress.objects.filter(revoked_at__isnull=True).order_by("ticket__reference", "email")
        return list(rows.values_list("ticket__reference", "email"))


def test_staff_take_back_those_of_a_ticket_and_the_next_mail_has_new_ones(world: World) -> None:
    filed, other = mailed(world), mailed(world)
    mail = answer(world, filed, "message.added", "ilse", "Too late.")
    elsewhere = answer(world, other, "message.added", "ilse", "About the other one.")
    client = world.client("marek")
    assert "ilse@test.example" in client.get(url_of(filed)).content.decode()
    done = client.post(url_of(filed), {"whose": "ilse@test.example", "reason": REASON}, follow=True)
    assert "The reply addresses of ilse@test.example were taken back" in done.content.decode()
    held = receive(mail)
    assert (held.outcome, held.code) == ("held", "address_taken_back")
    assert held.reason == f"Its reply address, of {filed.reference}, was taken back."
    assert receive(elsewhere).outcome == "message_added"
    message(world, filed)
    fresh = answer(world, filed, "message.added", "ilse", "With the new address.")
    assert fresh["To"] != mail["To"]
    assert receive(fresh).outcome == "message_added"
    assert [one.body for one in messages_of(filed) if one.author_party == "customer"] == ["With the new address."]


def test_one_readers_are_taken_back_and_the_others_stay(world: World) -> None:
    filed = mailed(world)
    message(world, filed, "ilse", "To all")
    mails_about(filed, "message.added")
    readers = {email for _, email in in_force()}
    assert len(readers) > 1
    client = world.client("rita")
    assert "All of them" in client.get(url_of(filed)).content.decode()
    client.post(url_of(filed), {"whose": "ilse@test.example", "reason": REASON})
    assert {email for _, email in in_force()} == readers - {"ilse@test.example"}
    message(world, filed)
    mails_about(filed, "message.added")
    client.post(url_of(filed), {"whose": "all", "reason": REASON})
    assert in_force() == []
    assert "Nobody can answer this ticket by mail now" in client.get(url_of(filed)).content.decode()


def test_it_stands_in_the_history_for_the_desk_of_rozoom_alone(world: World) -> None:
    filed = mailed(world)
    mails_about(filed, "message.added")
    world.client("marek").post(url_of(filed), {"whose": "ilse@test.example", "reason": REASON})
    words = f"Marek Test took back the reply addresses of ilse@test.example: “{REASON}”"
    assert words in world.client("rita").get(f"/desk/tickets/{filed.reference}/").content.decode()
    for who, page in (("ilse", "tickets"), ("dirk", "desk/tickets")):
        assert REASON not in world.client(who).get(f"/{page}/{filed.reference}/").content.decode()


def test_a_reason_is_asked_and_what_was_chosen_is_kept(world: World) -> None:
    filed = mailed(world)
    message(world, filed, "ilse", "To all")
    mails_about(filed, "message.added")
    page = world.client("marek").post(url_of(filed), {"whose": "ilse@test.example", "reason": " "})
    assert page.status_code == 422
    body = page.content.decode()
    assert "Say in a few words why" in body
    chosen = [line for line in body.split("<input") if "checked" in line]
    assert ["ilse@test.example" in line for line in chosen] == [True]
    assert len(in_force()) > 1


@pytest.mark.parametrize("who", ["ilse", "ana", "dirk", "dora", "fin", "sam"])
def test_nobody_else_may(world: World, who: str) -> None:
    filed = mailed(world)
    mails_about(filed, "message.added")
    client = world.client(who)
    assert client.get(url_of(filed)).status_code == 404
    assert client.post(url_of(filed), {"whose": "all", "reason": REASON}).status_code == 404
    assert "Take back reply addresses" not in client.get(f"/desk/tickets/{filed.reference}/").content.decode()
    assert in_force()


def test_twice_is_refused_and_records_nothing(world: World) -> None:
    filed = mailed(world)
    mails_about(filed, "message.added")
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        take_back(actor=actor, ticket=filed, reason=REASON, now=unit.now)
    with pytest.raises(CannotTakeBack), work_unit(actor.context) as unit:
        take_back(actor=actor, ticket=filed, reason=REASON, now=unit.now)
    with ensure_context(STAFF):
        assert AuditEvent.objects.filter(verb="mail.taken_back").count() == 1


def test_the_form_sent_twice_does_it_once(world: World) -> None:
    filed = mailed(world)
    mails_about(filed, "message.added")
    client, form = world.client("marek"), {"whose": "ilse@test.example", "reason": REASON, "form_token": "a" * 32}
    for _ in range(2):
        assert client.post(url_of(filed), form).status_code in (302, 422)
    with ensure_context(STAFF):
        assert AuditEvent.objects.filter(verb="mail.taken_back").count() == 1


def test_a_person_takes_back_all_of_theirs_and_nobody_elses(world: World) -> None:
    filed, bolts = mailed(world), ticket(world, "bob", component=world.components["bolt"])
    message(world, bolts)
    old = answer(world, filed, "message.added", "ilse", "Not me.")
    mails_about(bolts, "message.added")
    message(world, filed, "ilse", "To the desk")
    mails_about(filed, "message.added")
    others = [one for one in in_force() if one[1] != "ilse@test.example"]
    client, url = world.client("ilse"), reverse("mail:own_addresses")
    assert url in client.get(reverse("notifications:wishes")).content.decode()
    refused = client.post(url, {"reason": ""})
    assert (refused.status_code, "Say in a few words why" in refused.content.decode()) == (422, True)
    done = client.post(url, {"reason": "My phone was stolen"}, follow=True)
    assert "1 reply address was taken back. The next mails carry new ones." in done.content.decode()
    assert in_force() == others
    assert receive(old).code == "address_taken_back"
    again = client.post(url, {"reason": "Once more"}, follow=True)
    assert "No reply address of yours was in force" in again.content.decode()
    with ensure_context(STAFF):
        (event,) = AuditEvent.objects.filter(verb="mail.own_taken_back")
        assert (event.customer_id, event.actor_name, event.data) == (
            world.acme.pk,
            "Ilse Test",
            {"count": 1, "reason": "My phone was stolen"},
        )


@pytest.mark.parametrize("who", ["dirk", "marek"])
def test_partners_and_staff_take_back_their_own_too(world: World, who: str) -> None:
    filed = ticket(world, severity=1)
    mails = mails_about(filed, "ticket.filed")
    address = world.people[who].person_email
    assert reply_to(mails, address)
    world.client(who).post(reverse("mail:own_addresses"), {"reason": "Mailbox closed"})
    assert address not in {email for _, email in in_force()}
    assert "ilse@test.example" in {email for _, email in in_force()}


def test_a_supplier_has_none(world: World) -> None:
    assert world.client("sam").get(reverse("mail:own_addresses")).status_code == 404


def test_an_address_in_force_beside_one_taken_back_still_works(world: World) -> None:
    filed = mailed(world)
    old: Any = answer(world, filed, "message.added", "ilse")["To"]
    world.client("marek").post(url_of(filed), {"whose": "ilse@test.example", "reason": REASON})
    message(world, filed)
    new = reply_to(mails_about(filed, "message.added"), "ilse@test.example")
    assert receive(letter(to=f"{old}, {new}")).outcome == "message_added"


@pytest.mark.parametrize("by", ["the desk", "its reader"])
def test_a_mail_that_waits_meanwhile_goes_out_with_the_next_address(
    world: World, mail_server: Handler, by: str
) -> None:
    filed, other = mailed(world), mailed(world)
    expand(seconds=5)
    with ensure_context(WORKER):
        was = {one.message_id: one.headers["Reply-To"] for one in Delivery.objects.all()}
        assert any("message.added" in topic for topic in Delivery.objects.values_list("event__topic", flat=True))
    if by == "the desk":
        world.client("marek").post(url_of(filed), {"whose": "ilse@test.example", "reason": REASON})
    else:
        world.client("ilse").post(reverse("mail:own_addresses"), {"reason": REASON})
    deliver(seconds=5)
    got = [mail for mail in mail_server.mails if mail["To"] == "ilse@test.example"]
    changed = {mail["Subject"] for mail in got if mail["Reply-To"] != was[mail["Message-ID"]]}
    tags = {f"[{one.reference}]" for one in ([filed] if by == "the desk" else [filed, other])}
    assert {subject.split(" ")[0] for subject in changed} == tags
    mine = [mail for mail in got if f"[{filed.reference}]" in mail["Subject"]]
    assert len({mail["Reply-To"] for mail in mine}) == 1
    held = receive(letter(to=was[mine[0]["Message-ID"]]))
    assert (held.outcome, held.code) == ("held", "address_taken_back")
    reply = receive(letter(to=mine[0]["Reply-To"], text="To the new one."))
    assert (reply.outcome, reply.ticket_id) == ("message_added", filed.pk)
