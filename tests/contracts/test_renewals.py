"""The renewals desk: what stands in which group for whom, the sums, and a renewal in two clicks."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts import services
from contracts.coverage import entitlement_facts
from contracts.entitlement import decide
from contracts.models import (
    AgreementTerm,
    Component,
    ContractNotice,
    PriceListEntry,
    QuoteRequest,
    SupportAgreement,
)
from contracts.renewals import queries
from contracts.services.renewing import CannotRenew, renewal_span, send_renewal
from contracts.standing import standing
from contracts.terms import DAY
from notifications.models import Event
from tenancy.context import Context, database_now, work_unit
from tenancy.models import Organisation
from tests.contracts.deals import STAFF, implemented, ordered, pay, price, warranty
from tests.together import together
from tests.world import ComponentFactory, World, ticket

RENEWALS = "/renewals/"
NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def acme(world: World) -> Component:
    found = implemented(world.components["acme"], date(2020, 1, 1))
    price(found)
    return found


def ending(world: World, component: Component, end: date, *, seller: str = "rozoom", **more: Any) -> AgreementTerm:
    """A year of support that ends on that day, ordered and paid three weeks before it began."""
    start = end - 364 * DAY
    at = datetime(start.year, start.month, start.day, 12, 0, tzinfo=UTC) - timedelta(days=21)
    term = ordered(world, [component], start, end, now=at, **more).term
    with work_unit(STAFF):
        SupportAgreement.objects.filter(pk=term.agreement_id).update(sold_by=getattr(world, seller))
    return term


def shown(world: World, at: datetime, who: str = "fin", **more: str) -> dict[str, list[str]]:
    """Agreement numbers by group."""
    actor = world.actor(who)
    with work_unit(actor.context):
        found = queries.groups(actor, at, **more)
        return {group.key: [row.term.agreement.number for row in group.rows] for group in found if group.rows}


@pytest.mark.parametrize(
    "left, group",
    [(-212, None), (-211, "ended"), (-31, "ended"), (-30, "ended"), (-1, "ended"), (0, "30"), (30, "30"), (31, "60"),
     (60, "60"), (61, "90"), (90, "90"), (91, None)],
)  # fmt: skip
@pytest.mark.parametrize("hour, minute, today", [(21, 59, date(2026, 6, 15)), (22, 0, date(2026, 6, 16))])
def test_the_group_is_that_of_the_customers_own_date(
    world: World, acme: Component, left: int, group: str | None, hour: int, minute: int, today: date
) -> None:
    """Acme lives in Berlin: in June its midnight is at 22:00 UTC."""
    at = NOW.replace(hour=hour, minute=minute)
    term = ending(world, acme, today + left * DAY)
    assert shown(world, at) == ({group: [term.agreement.number]} if group else {})


def test_what_is_followed_terminated_or_covered_otherwise_is_not_due(world: World, acme: Component) -> None:
    end = NOW.date() + 20 * DAY
    with work_unit(STAFF):
        parts = [
            ComponentFactory(customer=world.acme, site=acme.site, serial=f"N-{n}", implemented_on=date(2020, 1, 1))
            for n in range(4)
        ]
    renewed, ended, otherwise, unused = (ending(world, part, end) for part in parts)
    following = ordered(world, [parts[0]], end + DAY, end + 365 * DAY, now=NOW).term
    ordered(world, [parts[2]], end + DAY, end + 365 * DAY, now=NOW)
    with work_unit(STAFF):
        AgreementTerm.objects.filter(pk=following.pk).update(agreement=renewed.agreement, predecessor=renewed)
        services.terminate_term(
            actor=world.actor("fin"), term=ended, on=NOW.date() + 2 * DAY, reason="Sold the plant.", now=NOW
        )
        Component.objects.filter(pk=parts[3].pk).update(state=Component.State.RETIRED)
    assert otherwise.pk != unused.pk
    assert shown(world, NOW) == {}


def test_the_sums_are_those_of_the_rows_in_each_currency(world: World, acme: Component) -> None:
    solo = implemented(world.components["solo"], date(2020, 1, 1))
    bolt = implemented(world.components["bolt"], date(2020, 1, 1))
    for component, days in ((acme, 5), (solo, 10), (bolt, 12)):
        ending(world, component, NOW.date() + days * DAY)
    price(acme, "100.10", "EUR")
    with work_unit(STAFF):
        SupportAgreement.objects.filter(customer=world.bolt).update(currency="EUR")
    actor = world.actor("fin")
    with work_unit(STAFF):
        (group,) = (one for one in queries.groups(actor, NOW) if one.rows)
        assert group.sums == ["20.02 EUR", "4,000.00 USD"]
        assert sum(row.value for row in group.rows if row.currency == "USD") == Decimal(4000)
        assert [row.cost for row in group.rows] == [Decimal(2000)] * 3


def test_the_value_is_that_of_today_and_a_missing_price_is_said(world: World, acme: Component, now: datetime) -> None:
    ending(world, acme, now.date() + 20 * DAY)
    with work_unit(STAFF):
        PriceListEntry.objects.update(valid_to=now.date() - DAY)
        newer = PriceListEntry.objects.get()
        newer.pk, newer.valid_from, newer.valid_to, newer.list_price = uuid4(), now.date(), None, Decimal(12000)
        newer.save(force_insert=True)
    said = words(world.client("fin").get(RENEWALS))
    assert "2,400.00 USD Last term 2,000.00 USD" in said
    assert "Worth 2,400.00 USD for twelve months" in said
    with work_unit(STAFF):
        PriceListEntry.objects.filter(pk=newer.pk).update(valid_from=now.date() + 2 * DAY)
    said = words(world.client("fin").get(RENEWALS))
    assert "Add a list price for DC-7" in said
    assert "Import prices" in said
    assert "without 1 that has no price" in said
    assert "Prepare renewal" not in said


def test_who_may_see_the_desk_and_whose_agreements(world: World, acme: Component, now: datetime) -> None:
    bolt = implemented(world.components["bolt"], date(2020, 1, 1))
    mine = ending(world, acme, now.date() + 20 * DAY, seller="delta")
    rozooms = ending(world, bolt, now.date() + 20 * DAY)
    for name in ("fin", "duty", "adam"):
        said = words(world.client(name).get(RENEWALS))
        assert mine.agreement.number in said
        assert rozooms.agreement.number in said
    for name in ("marek", "ilse", "ana", "sam"):
        assert world.client(name).get(RENEWALS).status_code == 404
        assert "/renewals/" not in world.client(name).get("/components/").content.decode()
    for name in ("dora", "dirk"):
        said = words(world.client(name).get(RENEWALS))
        assert mine.agreement.number in said
        assert rozooms.agreement.number not in said
    said = words(world.client("nils").get(RENEWALS))  # Nova serves Bolt, but roZoom sold this one
    assert "Nothing is due" in said
    assert "AG-" not in said
    for name, term in (("dora", rozooms), ("nils", rozooms), ("nils", mine), ("duty", mine)):
        assert world.client(name).get(f"{RENEWALS}{term.pk}/").status_code == 404
        assert world.client(name).post(f"{RENEWALS}{term.pk}/", {"letter": "Hello"}).status_code == 404
    with work_unit(STAFF):
        assert ContractNotice.objects.count() == 0


def test_a_reseller_that_serves_the_customer_no_more_sees_it_no_more(
    world: World, acme: Component, now: datetime
) -> None:
    ending(world, acme, now.date() + 20 * DAY, seller="delta")
    with work_unit(STAFF):
        Organisation.objects.filter(pk=world.acme.pk).update(reseller=world.nova)
    assert "Nothing is due" in words(world.client("dora").get(RENEWALS))


def test_the_filters_and_the_empty_list(world: World, acme: Component, now: datetime) -> None:
    solo = implemented(world.components["solo"], date(2020, 1, 1))
    ending(world, acme, now.date() + 20 * DAY, seller="delta")
    client = world.client("fin")
    assert "Solo Mills" not in words(client.get(f"{RENEWALS}?q=solo"))
    later = now.date() + 200 * DAY
    ending(world, solo, later)
    assert shown(world, now, seller="DELTA") == {"30": ["AG-ACME-1"]}
    assert shown(world, now, seller="ROZOOM") == {}
    assert shown(world, now, words="lifts") == {"30": ["AG-ACME-1"]}
    said = words(client.get(f"{RENEWALS}?q=nobody&seller=DELTA"))
    assert "No renewals match Filters on: “nobody”, Delta Reseller." in said
    with work_unit(STAFF):
        Component.objects.filter(pk=acme.pk).update(state=Component.State.RETIRED)
    said = words(client.get(RENEWALS))
    assert f"Nothing is due Next end date {later.day} {later:%b %Y}." in said


def test_a_row_says_last_contact_open_tickets_and_next_step(world: World, acme: Component, now: datetime) -> None:
    term = ending(world, acme, now.date() + 20 * DAY)
    ticket(world)
    said = words(world.client("fin").get(RENEWALS))
    assert "None 1 Prepare renewal of AG-ACME-1" in said
    with work_unit(STAFF):
        for kind, text in (("ENDS_60", ""), ("ENDS_30", "Not sent: a later one was due already.")):
            ContractNotice.objects.create(
                customer=world.acme, kind=kind, about=str(term.pk), by_name="Reminders", text=text, told_at=now
            )
        QuoteRequest.objects.create(
            customer=world.acme, agreement=term.agreement, asked_by_name="Ana Test", asked_at=now, text="Renew it."
        )
    said = words(world.client("fin").get(RENEWALS))
    assert "Reminder Ends in 60 days just now" in said
    assert "Customers asked" in said
    assert "“Renew it.”" in said
    assert "Asked for" in said


@pytest.mark.parametrize("paid, ago, step", [(False, -100, "Get the fee paid first"), (True, 60, "Reinstate")])
def test_what_cannot_be_renewed_says_what_to_do(
    world: World, acme: Component, now: datetime, paid: bool, ago: int, step: str
) -> None:
    if paid:
        term = ending(world, acme, now.date() - ago * DAY)
    else:
        term = ordered(
            world, [acme], now.date() - 50 * DAY, now.date() + 20 * DAY, now=now - timedelta(days=70), paid=False
        ).term
    said = words(world.client("fin").get(RENEWALS))
    assert step in said
    assert "Prepare renewal" not in said
    response = world.client("fin").get(f"{RENEWALS}{term.pk}/")
    assert response.status_code == 409
    assert "Only a term in force or in grace is renewed." in words(response)


def test_queries_do_not_grow_with_rows(world: World, acme: Component, now: datetime) -> None:
    client = world.client("fin")

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(RENEWALS).status_code == 200
        return len(seen)

    ending(world, acme, now.date() + 20 * DAY)
    count()
    one = count()
    for number in range(4):
        with work_unit(STAFF):
            part = ComponentFactory(
                customer=world.acme, site=acme.site, serial=f"Q-{number}", implemented_on=date(2020, 1, 1)
            )
        ending(world, part, now.date() + (20 + 10 * number) * DAY)
    assert count() == one


def test_the_csv_has_the_rows(world: World, acme: Component, now: datetime) -> None:
    ending(world, acme, now.date() + 45 * DAY)
    response = world.client("fin").get(f"{RENEWALS}?format=csv")
    (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert (row["group"], row["agreement"], row["value"], row["currency"], row["next_step"]) == (
        "Ends in 31 to 60 days", "AG-ACME-1", "2000.00", "USD", "Prepare renewal"
    )  # fmt: skip


# Two clicks ----------------------------------------------------------------------------------------------------------


def prepared(world: World, term: AgreementTerm, who: str = "fin") -> tuple[Any, dict[str, str]]:
    """The page behind the button, and what its form sends."""
    client = world.client(who)
    response = client.get(f"{RENEWALS}{term.pk}/")
    assert response.status_code == 200, words(response)
    page = response.content.decode()
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    text = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page, re.S)
    assert token
    assert text
    return client, {"letter": unescape(text[1]), "form_token": token[1]}


@pytest.mark.parametrize("who, seller", [("fin", "rozoom"), ("dora", "delta"), ("dirk", "delta")])
def test_a_renewal_in_two_clicks(world: World, acme: Component, now: datetime, who: str, seller: str) -> None:
    end = now.date() + 20 * DAY
    term = ending(world, acme, end, seller=seller)
    warranty(acme, end - 300 * DAY, end + 100 * DAY)
    client, form = prepared(world, term, who)
    assert "Advance replacement needs a warranty" in form["letter"]
    assert "2,000.00 USD" in form["letter"]
    with work_unit(STAFF):
        assert AgreementTerm.objects.count() == 1  # looked at, nothing written
    response = client.post(f"{RENEWALS}{term.pk}/", form, follow=True)
    assert "Renewal of AG-ACME-1 quoted, 2,000.00 USD." in words(response)
    assert "Wait for the order: quoted 2,000.00 USD" in words(response)
    with work_unit(STAFF):
        new = AgreementTerm.objects.get(predecessor=term)
        assert (new.state, new.kind, new.start_date) == ("QUOTED", "RENEWAL", end + DAY)
        assert new.end_date == renewal_span(term)[1]
        notice = ContractNotice.objects.get()
        assert (notice.kind, notice.about, notice.text) == (
            "LETTER",
            str(term.pk),
            form["letter"].strip().replace("\r\n", "\n"),
        )
        assert Event.objects.filter(topic="renewal.sent").count() == 1
    again = client.post(f"{RENEWALS}{term.pk}/", form)  # the same form
    assert again.status_code == 302
    other = client.post(f"{RENEWALS}{term.pk}/", {**form, "form_token": "f" * 32})  # another window
    assert other.status_code in (409, 422)
    assert client.get(f"{RENEWALS}{term.pk}/")["Location"] == f"/agreements/{term.agreement_id}/"
    with work_unit(STAFF):
        assert AgreementTerm.objects.filter(predecessor=term).count() == 1
        assert ContractNotice.objects.count() == 1


@pytest.mark.parametrize("letter, said", [("  ", "Write what the customer reads"), ("x" * 4001, "Shorten it to 4,000")])
def test_a_letter_that_can_not_be_sent_is_kept(
    world: World, acme: Component, now: datetime, letter: str, said: str
) -> None:
    term = ending(world, acme, now.date() + 20 * DAY)
    client, form = prepared(world, term)
    response = client.post(f"{RENEWALS}{term.pk}/", {**form, "letter": letter})
    assert response.status_code == 422
    assert said in words(response)
    assert letter.strip() in response.content.decode()
    with work_unit(STAFF):
        assert AgreementTerm.objects.count() == 1


def test_two_sellers_at_once_make_one_renewal(lasting_world: World) -> None:
    world = lasting_world
    component = implemented(world.components["acme"], date(2020, 1, 1))
    price(component)
    with work_unit(STAFF):
        now = database_now()
    term = ending(world, component, now.date() + 20 * DAY)

    def send(who: str) -> str:
        actor = world.actor(who)
        try:
            with work_unit(actor.context):
                send_renewal(actor=actor, term=term, letter="Renew it.", now=now)
        except CannotRenew as refused:
            return refused.message
        return "sent"

    assert sorted(together(lambda: send("fin"), lambda: send("adam"))) == [
        "A renewal is quoted already. Open the agreement to change it.",
        "sent",
    ]


def test_components_out_of_use_stay_behind(world: World, acme: Component, now: datetime) -> None:
    with work_unit(STAFF):
        other = ComponentFactory(customer=world.acme, site=acme.site, implemented_on=date(2020, 1, 1))
    start, end = now.date() - 344 * DAY, now.date() + 20 * DAY
    term = ordered(world, [acme, other], start, end, now=now - timedelta(days=365)).term
    with work_unit(STAFF):
        Component.objects.filter(pk=other.pk).update(state=Component.State.RETIRED)
        new = send_renewal(actor=world.actor("fin"), term=term, letter="Renew it.", now=now)
        assert [line.component_id for line in new.lines.all()] == [acme.pk]


def test_an_ordered_renewal_makes_continuity_also_in_grace(world: World, acme: Component, now: datetime) -> None:
    end = now.date() - 10 * DAY
    term = ending(world, acme, end)
    warranty(acme, end - 300 * DAY, end + 300 * DAY)
    client, form = prepared(world, term)
    client.post(f"{RENEWALS}{term.pk}/", form)
    actor = world.actor("fin")
    with work_unit(STAFF):
        new = AgreementTerm.objects.get(predecessor=term)
        new, invoice = services.order(actor=actor, term=new, purchase_order="PO-2", on=now.date(), now=now)
        pay(actor, invoice, invoice.total, now)
        old = AgreementTerm.objects.select_related("agreement__customer").get(pk=term.pk)
        assert standing(old, now).state == "RENEWED"
    with work_unit(Context("customer", world.acme.pk)):
        from_grace = _decided(acme, now - timedelta(days=3), now)
    assert (from_grace.outcome, from_grace.rule) == ("ADVANCE", "R10")
    assert "AG-ACME-1" not in words(world.client("fin").get(RENEWALS))


def _decided(component: Component, reported_at: datetime, now: datetime) -> Any:
    component = Component.objects.for_list().get(pk=component.pk)
    return decide(entitlement_facts(component, now, reported_at=reported_at), now)


@pytest.mark.parametrize(
    "last, following",
    [
        (date(2029, 2, 27), (date(2029, 2, 28), date(2030, 2, 27))),
        (date(2031, 2, 27), (date(2031, 2, 28), date(2032, 2, 28))),
        (date(2032, 2, 28), (date(2032, 2, 29), date(2033, 2, 27))),
    ],
)
def test_the_anniversary_of_a_leap_day_is_kept(
    world: World, acme: Component, last: date, following: tuple[date, date]
) -> None:
    first = ordered(world, [acme], date(2028, 2, 29), date(2029, 2, 27), now=datetime(2028, 2, 1, tzinfo=UTC)).term
    with work_unit(STAFF):
        term = AgreementTerm(agreement=first.agreement, start_date=last - 364 * DAY, end_date=last)
        assert renewal_span(term) == following
