"""What people chose about mails: at once, once a day, never; and the link in each mail that ends it."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.test import Client

from notifications import digest
from notifications.digest import send_digests
from notifications.expansion import expand
from notifications.models import Delivery, Notice
from notifications.wishes import WISHES, stop_url
from tenancy.context import work_unit
from tenancy.models import Membership, Person
from tests.notifications.outbox import WORKER, mails
from tests.world import World, message, ticket

PAGE = "/settings/notices/"


def choose(world: World, name: str, **chosen: Any) -> None:
    with work_unit():
        person = Person.objects.get(pk=world.people[name].person_id)
        Person.objects.filter(pk=person.pk).update(preferences={**person.preferences, **chosen})


def chosen(world: World, name: str) -> dict[str, Any]:
    with work_unit():
        return Person.objects.get(pk=world.people[name].person_id).preferences


def mails_to(name: str) -> list[Delivery]:
    return [mail for mail in mails() if mail.recipient == f"{name}@test.example"]


def notices_of(world: World, name: str) -> list[Notice]:
    with work_unit(WORKER):
        return list(Notice.objects.filter(person_id=world.people[name].person_id).order_by("pk"))


@pytest.fixture
def answered(world: World) -> Any:
    """answered(2): our people answer twice in Ilse's ticket."""
    filed = ticket(world, "ilse", subject="Door stuck")
    expand(seconds=5)
    with work_unit(WORKER):
        Delivery.objects.all().delete()

    def answer(times: int = 1) -> None:
        for number in range(times):
            message(world, filed, body=f"Answer {number}")
        expand(seconds=5)

    return answer


def at(world: World, name: str, hour: int, minute: int = 0, *, day: int = 12, zone: str = "UTC") -> None:
    """All notices of this person came at that time of a day in January 2030 by the clock of the zone."""
    choose(world, name, time_zone=zone)
    with work_unit(WORKER):
        Notice.objects.filter(person_id=world.people[name].person_id, for_digest=True).update(
            created_at=datetime(2030, 1, day, hour, minute, tzinfo=UTC)
        )


def digests_at(monkeypatch: pytest.MonkeyPatch, hour: int, minute: int = 0, *, day: int = 12) -> int:
    """The job runs then (UTC)."""
    real = digest._digest_for
    now = datetime(2030, 1, day, hour, minute, tzinfo=UTC)
    with monkeypatch.context() as patch:
        patch.setattr(digest, "_digest_for", lambda person, _: real(person, now))
        return send_digests()


def test_unless_chosen_otherwise_it_is_mailed_at_once(world: World, answered: Any) -> None:
    answered()
    (mail,) = mails_to("ilse")
    assert "Answer 0" in mail.text


def test_who_wants_no_mail_gets_none_and_still_the_notice(world: World, answered: Any) -> None:
    choose(world, "ilse", mail_messages="never")
    answered()
    assert mails_to("ilse") == []
    assert [notice.title for notice in notices_of(world, "ilse")] == ["Marek Test wrote"]
    assert send_digests() == 0


@pytest.mark.parametrize("choice", ["digest", "never"])
def test_what_is_essential_is_mailed_whatever_was_chosen(world: World, choice: str) -> None:
    everything = {wish.key: choice for wish in WISHES.values()}
    for name in ("ilse", "marek", "rita"):
        choose(world, name, **everything)
    ticket(world, "ilse", severity=1)
    expand(seconds=5)
    assert ["We have your ticket" in mail.text for mail in mails_to("ilse")] == [True]
    assert len(mails_to("marek")) == 1  # severity 1 is a call for help
    assert all("List-Unsubscribe" not in mail.headers for mail in mails())


def test_the_daily_mail_comes_once_with_what_came_before_its_hour(
    world: World, answered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(world, "ilse", mail_messages="digest")
    answered(2)
    assert mails_to("ilse") == []
    at(world, "ilse", 7, 59)
    assert digests_at(monkeypatch, 7, 59, day=12) == 0
    assert digests_at(monkeypatch, 8, 1) == 1
    assert digests_at(monkeypatch, 8, 2) == 0
    (mail,) = mails_to("ilse")
    assert mail.subject == "2 things since yesterday"
    assert mail.text.count("Marek Test wrote") == 2
    assert "Door stuck" in mail.text
    assert "Answer 0" not in mail.text
    assert "at 08:00" in mail.text
    assert mail.dedup_key.endswith(".2030-01-12")
    answered()
    at(world, "ilse", 9)
    assert digests_at(monkeypatch, 23, 59) == 0  # after the hour: tomorrow's
    assert digests_at(monkeypatch, 8, 0, day=13) == 1
    assert len(mails_to("ilse")) == 2


def test_a_day_has_one_mail_however_many_make_it(world: World, answered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker made it in between: what it did not hold waits for the next day, and is not lost."""
    choose(world, "ilse", mail_messages="digest")
    answered()
    at(world, "ilse", 7)
    assert digests_at(monkeypatch, 9) == 1
    answered()
    at(world, "ilse", 7, 30)  # handled late
    assert digests_at(monkeypatch, 9, 5) == 0
    assert len(mails_to("ilse")) == 1
    assert digests_at(monkeypatch, 8, day=13) == 1
    assert len(mails_to("ilse")) == 2


def test_the_hour_is_that_of_the_readers_zone(world: World, answered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(world, "ilse", mail_messages="digest", digest_hour=18)
    answered()
    at(world, "ilse", 0, zone="Asia/Tokyo")
    assert digests_at(monkeypatch, 8, 59) == 0
    assert digests_at(monkeypatch, 9, 1) == 1


def test_what_was_read_or_may_not_be_read_any_more_is_left_out(
    world: World, answered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(world, "ilse", mail_messages="digest")
    answered(2)
    at(world, "ilse", 7)
    with work_unit(WORKER):
        first = Notice.objects.filter(for_digest=True).earliest("pk")
        Notice.objects.filter(pk=first.pk).update(read_at=TransactionNow())
    assert digests_at(monkeypatch, 9) == 1
    assert mails_to("ilse")[0].subject == "1 thing since yesterday"


def test_a_reseller_that_serves_the_customer_no_more_is_not_told(
    world: World, answered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(world, "dirk", mail_tickets="digest")
    ticket(world, "ilse", subject="Secret of Acme")
    expand(seconds=5)
    at(world, "dirk", 7)
    with work_unit(world.actor("adam").context):
        type(world.acme).objects.filter(pk=world.acme.pk).update(reseller=world.nova)
    assert digests_at(monkeypatch, 9) == 0
    assert mails_to("dirk") == []


def test_who_left_gets_no_daily_mail(world: World, answered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(world, "ilse", mail_messages="digest")
    answered()
    at(world, "ilse", 7)
    with work_unit(world.actor("adam").context):
        Membership.objects.filter(pk=world.ilse.pk).update(is_active=False)
    assert digests_at(monkeypatch, 9) == 0


# --- the page ---------------------------------------------------------------------------------------------------------


def test_people_choose_on_a_page_of_their_own(world: World) -> None:
    client = world.client("ilse")
    page = client.get(PAGE).content.decode()
    assert "Somebody writes in a ticket of yours" in page
    assert "A ticket is given to you" not in page  # not for customers
    assert "That we have your ticket" in page
    form = {"mail_messages": "digest", "mail_moves": "never", "mail_reminders": "now", "digest_hour": "17"}
    assert client.post(PAGE, form).headers["Location"] == PAGE
    kept = chosen(world, "ilse")
    assert (kept["mail_messages"], kept["mail_moves"], kept["digest_hour"]) == ("digest", "never", 17)
    wrong = client.post(PAGE, {**form, "digest_hour": "25"})
    assert wrong.status_code == 422
    assert "Choose an hour from the list" in wrong.content.decode()


def test_the_desk_has_more_to_choose(world: World) -> None:
    page = world.client("marek").get(PAGE).content.decode()
    assert "A ticket is given to you" in page
    assert "That a promise runs out or is late" in page


# --- one click --------------------------------------------------------------------------------------------------------


def stop_path(mail: Delivery) -> str:
    (url,) = re.findall(r"^<(.+)>$", mail.headers["List-Unsubscribe"])
    assert url in mail.text
    assert url in mail.html
    return urlsplit(url).path


def test_one_click_in_the_mail_program_stops_that_kind(world: World, answered: Any) -> None:
    answered()
    (mail,) = mails_to("ilse")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    provider = Client(enforce_csrf_checks=True)
    answer = provider.post(
        stop_path(mail), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert chosen(world, "ilse") == {"mail_messages": "never"}
    answered()
    assert len(mails_to("ilse")) == 1


def test_looking_at_the_link_stops_nothing(world: World, answered: Any) -> None:
    answered()
    path = stop_path(mails_to("ilse")[0])
    for method in ("get", "head"):
        assert getattr(Client(), method)(path).status_code == 200
    assert chosen(world, "ilse") == {}
    page = Client().get(path).content.decode()
    assert "Stop these mails?" in page


def test_it_can_be_taken_back(world: World, answered: Any) -> None:
    answered()
    path = stop_path(mails_to("ilse")[0])
    assert "You get no more of these mails" in Client().post(path).content.decode()
    Client().post(path, {"again": "1"})
    assert chosen(world, "ilse") == {"mail_messages": "now"}


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: f"x{t}", lambda t: t.split(":")[0], lambda t: "x"])
def test_a_link_nobody_gave_out_stops_nothing(world: World, change: Any) -> None:
    path = urlsplit(stop_url(world.ilse.person_id, WISHES["messages"])).path
    token = path.removeprefix("/notices/stop/").rstrip("/")
    assert Client().post(f"/notices/stop/{change(token)}/").status_code == 404
    assert chosen(world, "ilse") == {}
    assert Client().post(path).status_code == 200


def test_a_link_works_for_a_signed_in_person_of_another_organisation_too(world: World) -> None:
    path = urlsplit(stop_url(world.ilse.person_id, WISHES["messages"])).path
    assert world.client("bob").get(path).status_code == 200


def test_one_click_in_the_daily_mail_stops_all_that_stands_in_it(
    world: World, answered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(world, "ilse", mail_messages="digest", mail_moves="digest", mail_reminders="now")
    answered()
    at(world, "ilse", 5)
    assert digests_at(monkeypatch, 9) == 1
    (daily,) = mails_to("ilse")
    page = Client().get(stop_path(daily)).content.decode()
    assert "“The daily mail” is mailed to ilse@test.example now" in page
    assert "digest" in chosen(world, "ilse").values()
    page = Client().post(stop_path(daily)).content.decode()
    assert "You get no more of these mails" in page
    assert "Mail it to me again" not in page
    kept = {"mail_messages": "never", "mail_moves": "never", "mail_reminders": "now", "time_zone": "UTC"}
    assert chosen(world, "ilse") == kept
    Client().post(stop_path(daily), {"again": "1"})
    assert chosen(world, "ilse") == kept
