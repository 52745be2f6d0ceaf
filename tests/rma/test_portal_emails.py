"""Who of the customer's side is told what about a return: by mail where something is to be done or a day is promised."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts.models import Component
from notifications.expansion import expand
from notifications.handlers import Mail, Told, mails_in, reason_to_drop, said_of, told_in
from notifications.models import Delivery, Event, Notice
from rma import services
from rma.events import TOPICS
from rma.models import Rma
from tenancy.context import Context, work_unit
from tenancy.models import Membership, Person
from tests.contracts.deals import ago, implemented
from tests.rma.deals import (
    STAFF,
    Stock,
    approved,
    box,
    carrier_says,
    delivered,
    fresh,
    on_ticket,
    requested,
    returned,
    shipped,
    staff,
)
from tests.world import World

WORKER = Context("worker")


@pytest.fixture
def unit(stock: Stock, component: Component, now: datetime) -> Any:
    return stock.unit(now, "NEW-1")


def said(topic: str) -> list[Any]:
    with work_unit(WORKER):
        return list(said_of(Event.objects.filter(topic=topic).order_by("-pk")[0]))


def mails(topic: str) -> dict[str, Mail]:
    """By the first word of the address."""
    return {one.to.partition("@")[0]: one for one in mails_in(said(topic))}


def notices(topic: str, world: World) -> dict[str, Told]:
    names = {membership.person_id: name for name, membership in world.people.items()}
    return {names[one.person_id]: one for one in told_in(said(topic))}


def test_a_request_is_acknowledged_with_its_number_and_the_reasons(
    world: World, component: Component, now: datetime
) -> None:
    rma = requested(world, component, now).rma
    found = mails("rma.requested")
    assert set(found) == {"ilse", "cora"}
    assert found["ilse"].subject == f"[{rma.ticket.reference}] ACME-R1: requested"
    assert "The standard warranty runs until" in found["ilse"].text
    assert "/returns/ACME-R1/" in found["ilse"].text
    assert set(notices("rma.requested", world)) == {"dirk", "cora"}


def test_whoever_approves_hears_of_what_waits_for_them(world: World, component: Component, now: datetime) -> None:
    rma = requested(world, component, now).rma
    told = notices("rma.requested", world)["cora"]
    assert told.title == "Acme Lifts asks for a replacement, severity 2"
    assert (told.party, told.path, told.reference) == ("operator", "/desk/returns/ACME-R1/", "ACME-R1")
    mail = mails("rma.requested")["cora"]
    assert "The failure is not confirmed yet" in mail.text
    assert "/desk/returns/ACME-R1/" in mail.text
    assert "You get this because you approve returns." in mail.text
    assert mail.guard is not None
    with work_unit(WORKER):
        assert reason_to_drop(mail.guard) == ""
    staff(world, services.approve, rma, now, failure_is_confirmed=True)
    with work_unit(WORKER):
        assert "approved now" in reason_to_drop(mail.guard)
    assert "cora" not in notices("rma.requested", world), "it waits for nobody any more"


def test_without_a_coordinator_everybody_who_may_approve_hears_of_it(
    world: World, component: Component, now: datetime
) -> None:
    with work_unit(world.actor("adam").context):
        Membership.objects.filter(pk=world.people["cora"].pk).update(is_active=False)
    requested(world, component, now)
    assert set(notices("rma.requested", world)) == {"dirk", "duty", "adam"}


def test_what_is_on_hold_waits_for_who_approves_only_when_nothing_is_missing(
    world: World, component: Component, now: datetime
) -> None:
    rma = requested(world, component, now, accepts_terms=False).rma
    assert set(notices("rma.requested", world)) == {"dirk"}
    ilse = world.actor("ilse")
    with work_unit(ilse.context):
        services.supply(actor=ilse, rma=rma, now=now, accepts_terms=True)
    assert set(notices("rma.resumed", world)) == {"dirk", "cora"}
    assert set(mails("rma.resumed")) == {"cora"}


def test_who_asked_for_it_and_approves_is_not_told(world: World, component: Component, now: datetime) -> None:
    requested(world, component, now, "cora", ticket=on_ticket(world, component, now))
    assert "cora" not in notices("rma.requested", world)


@pytest.mark.parametrize("choice, mailed", [("now", 1), ("digest", 0), ("never", 0)])
def test_the_mail_comes_as_its_reader_wishes(
    world: World, component: Component, now: datetime, choice: str, mailed: int
) -> None:
    with work_unit(STAFF):
        Person.objects.filter(pk=world.people["cora"].person_id).update(preferences={"mail_returns": choice})
    requested(world, component, now)
    expand(seconds=5)
    with work_unit(WORKER):
        assert Delivery.objects.filter(recipient__startswith="cora@").count() == mailed
        notice = Notice.objects.get(person_id=world.people["cora"].person_id)
        assert notice.for_digest is (choice == "digest")


@pytest.mark.parametrize(
    "who, path", [("cora", "/desk/returns/{}/"), ("dirk", "/returns/{}/"), ("ilse", "/returns/{}/")]
)
def test_who_opens_a_return_has_read_what_the_bell_tells_of_it(
    world: World, component: Component, now: datetime, who: str, path: str
) -> None:
    rma = requested(world, component, now, accepts_terms=False).rma
    if who == "cora":
        with work_unit(world.actor("ilse").context):
            services.supply(actor=world.actor("ilse"), rma=rma, now=now, accepts_terms=True)
    expand(seconds=5)
    client = world.client(who)
    mine = Notice.objects.filter(person_id=world.people[who].person_id, reference=rma.reference, read_at=None)
    with work_unit(WORKER):
        assert mine.exists()
    client.get(path.format(rma.reference), headers={"HX-Request": "true"})
    client.head(path.format(rma.reference))
    with work_unit(WORKER):
        assert mine.exists(), "only who loads the page has read it"
        others = Notice.objects.exclude(person_id=world.people[who].person_id).filter(read_at=None).count()
    assert client.get(path.format(rma.reference)).status_code == 200
    with work_unit(WORKER):
        assert not mine.exists()
        assert Notice.objects.exclude(person_id=world.people[who].person_id).filter(read_at=None).count() == others


def test_a_hold_lists_what_is_missing_to_who_asked(world: World, component: Component, now: datetime) -> None:
    requested(world, component, now, accepts_terms=False)
    assert mails("rma.requested") == {}
    text = mails("rma.on_hold")["ilse"].text
    assert "- The return terms are accepted" in text
    assert "Supply what is missing" in text


def test_approved_has_both_days_and_why(world: World, component: Component, now: datetime) -> None:
    rma = approved(world, component, now)
    found = mails("rma.approved")
    assert set(found) == {"ilse"}
    assert f"{rma.contract_ship_by.day} " in found["ilse"].text
    assert "It should arrive on" in found["ilse"].text
    assert rma.promise_reason in found["ilse"].text.replace("\n", " ")
    assert set(notices("rma.approved", world)) == {"ilse", "dirk"}


def test_shipped_and_delivered_say_how_to_follow_and_until_when_to_send(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma = shipped(world, component, now)
    leg = box(rma, "REPLACEMENT_OUT")
    assert leg.tracking_number in mails("rma.shipped")["ilse"].text
    carrier_says(world, leg, "DELIVERED", now)
    assert mails("rma.shipped") == {}  # it arrived before the mail was made: that one says more
    text = mails("rma.delivered")["ilse"].text
    assert "Send the failed part back by" in text
    assert "10,000.00 USD" in text


def test_reminders_are_dropped_when_the_part_was_sent_meanwhile(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma = delivered(world, component, now)
    with work_unit(WORKER):
        Rma.objects.filter(pk=rma.pk).update(state="RETURN_OVERDUE", return_due=ago(now, 3), delivered_on=ago(now, 20))
        event = Event.objects.get(topic="rma.delivered")
        payload = {**event.payload, "notice": "OVERDUE"}
        reminder = Event.objects.create(
            **{
                one.attname: getattr(event, one.attname)
                for one in Event._meta.fields
                if one.attname not in ("id", "topic", "payload", "state", "dedup_key")
            },
            topic="rma.reminder",
            payload=payload,
        )
        (mail,) = mails_in(said_of(reminder))
        assert "overdue" in mail.subject
        assert mail.guard is not None
        assert reason_to_drop(mail.guard) == ""
    with work_unit(world.actor("ilse").context):
        services.say_sent(actor=world.actor("ilse"), rma=rma, now=now)
    with work_unit(WORKER):
        assert reason_to_drop(mail.guard) == "the part was sent"
        assert mails_in(said_of(reminder)) == []


def test_a_charge_names_the_amount_to_who_reads_bills_only(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma = delivered(world, component, now)
    with work_unit(WORKER):
        Rma.objects.filter(pk=rma.pk).update(state="RETURN_OVERDUE", return_due=ago(now, 20), delivered_on=ago(now, 33))
    staff(world, services.charge, fresh(rma), now)
    found = mails("rma.charged")
    assert set(found) == {"ilse", "ana"}
    assert "10,000.00 USD" in found["ana"].text
    assert "10,000.00" not in found["ilse"].text
    assert "charge is taken back in full" in found["ilse"].text
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    staff(world, services.receive, fresh(rma), now, scanned_serial=component.serial)
    assert set(mails("rma.credited")) == {"ilse", "ana"}


def test_received_and_closed(world: World, component: Component, unit: Any, now: datetime) -> None:
    rma = returned(world, component, now)
    assert "arrived" in mails("rma.return_received")["ilse"].text
    staff(world, services.inspect, rma, now, result="NO_FAULT_FOUND", text="It runs here.")
    text = mails("rma.closed")["ilse"].text
    assert "Found: no fault found. It runs here." in text


def test_a_quote_goes_to_who_can_order(world: World, stock: Stock, now: datetime) -> None:
    rma = requested(world, implemented(world.components["acme"], ago(now, 900)), now).rma
    staff(world, services.quote_repair, rma, now, amount=Decimal(900), currency="USD")
    found = mails("rma.quoted")
    assert set(found) == {"ilse", "ana"}
    assert "900.00 USD" in found["ana"].text


def test_who_did_it_is_not_told_of_it(world: World, component: Component, now: datetime) -> None:
    rma = requested(world, component, now).rma
    with work_unit(world.actor("ilse").context):
        services.cancel(actor=world.actor("ilse"), rma=rma, reason="Works again", now=now)
    assert mails("rma.cancelled") == {}
    assert set(notices("rma.cancelled", world)) == {"dirk"}


def test_an_event_about_another_customers_return_says_nothing(
    world: World, component: Component, now: datetime
) -> None:
    rma = requested(world, component, now).rma
    with work_unit(WORKER):
        for topic in TOPICS:
            forged = Event(
                topic=topic,
                customer_id=world.bolt.pk,
                reseller_id=world.nova.pk,
                payload={"rma": str(rma.pk)},
                severity=2,
            )
            assert list(said_of(forged)) == [], topic
