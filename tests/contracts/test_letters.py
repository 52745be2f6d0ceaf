"""Mails about what ends: whom they reach, what they say, once each, and no storm after the job was off."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts import services
from contracts.keeping import keep
from contracts.letters import still_needed
from contracts.models import AgreementTerm, Component, ContractNotice, SupportAgreement
from contracts.reminders import PASSED
from contracts.services.renewing import send_renewal
from contracts.terms import DAY
from notifications.delivery import deliver
from notifications.expansion import expand
from notifications.handlers import Mail, mails_in, said_of
from notifications.models import Event
from tenancy.context import Context, as_login_role, database_now, work_unit
from tenancy.models import Membership, Organisation, Role
from tests.contracts.deals import STAFF, day_of, implemented, ordered, pay, price, quoted, warranty
from tests.mail.post import letter, receive, ticket_of
from tests.notifications.conftest import mail_server  # noqa: F401  (a fixture)
from tests.notifications.smtp import Handler
from tests.world import ComponentFactory, World, person

WORKER = Context("worker")
START, END = date(2026, 2, 1), date(2027, 1, 31)
ORDERED_AT = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, 0, tzinfo=UTC)


def run(day: date) -> int:
    """How many are told by the job of that day."""
    return keep(seconds=60, now=noon(day)).told


def last(topic: str) -> dict[str, Mail]:
    """The mails of the newest event, by the first word of the address."""
    with work_unit(WORKER):
        made = mails_in(said_of(Event.objects.filter(topic=topic).order_by("-pk")[0]))
    found = {mail.to.partition("@")[0]: mail for mail in made}
    assert len(found) == len(made), "the same person was mailed twice"
    return found


def told() -> list[str]:
    with work_unit(STAFF):
        notices = ContractNotice.objects.exclude(text=PASSED).exclude(kind="LETTER")
        return list(notices.order_by("told_at", "kind").values_list("kind", flat=True))


@pytest.fixture
def component(world: World) -> Component:
    found = implemented(world.components["acme"], date(2025, 1, 1))
    price(found)
    return found


def sold(world: World, component: Component, *, seller: str = "delta", **more: Any) -> AgreementTerm:
    term = ordered(world, [component], START, END, now=ORDERED_AT, **more).term
    with work_unit(STAFF):
        SupportAgreement.objects.filter(pk=term.agreement_id).update(sold_by=getattr(world, seller))
    return term


# Once each -----------------------------------------------------------------------------------------------------------

EXPECTED = [
    (-91, None), (-90, "ENDS_90"), (-89, None), (-61, None), (-60, "ENDS_60"), (-31, None), (-30, "ENDS_30"), (0, None),
    (1, "GRACE_1"), (14, None), (15, "GRACE_15"), (24, None), (25, "GRACE_25"), (30, None), (31, "LAPSED"), (60, None),
]  # fmt: skip


def test_each_reminder_comes_on_its_day_and_once(world: World, component: Component) -> None:
    sold(world, component)
    for after, kind in EXPECTED:
        day = END + after * DAY
        assert run(day) == (kind is not None), day
        assert run(day) == 0
    assert told() == [kind for _, kind in EXPECTED if kind]


@pytest.mark.parametrize(
    "after, kinds, passed",
    [
        (-45, ["ENDS_60"], 1),
        (-3, ["ENDS_30"], 2),
        (20, ["GRACE_15"], 4),
        (169, ["LAPSED"], 6),
        (211, ["LAPSED"], 6),
        (212, [], 0),
    ],
)
def test_after_a_pause_only_the_latest_is_sent(
    world: World, component: Component, after: int, kinds: list[str], passed: int
) -> None:
    sold(world, component)
    assert run(END + after * DAY) == len(kinds)
    assert run(END + after * DAY) == 0
    assert told() == kinds
    with work_unit(STAFF):
        assert ContractNotice.objects.filter(text=PASSED).count() == passed


def test_two_hundred_days_without_the_job_are_no_storm(world: World, component: Component) -> None:
    """Ten agreements in ten places of their year: one mail for each at most, and one for all the warranties."""
    site = component.site
    for number in range(10):
        with work_unit(STAFF):
            part = ComponentFactory(
                customer=world.acme, site=site, serial=f"S-{number}", implemented_on=date(2024, 1, 1)
            )
        end = date(2026, 6, 1) + 30 * number * DAY
        ordered(world, [part], end - 364 * DAY, end, now=noon(end - 380 * DAY))
        warranty(part, end - 600 * DAY, end)
    start = date(2026, 5, 1)
    run(start)
    with work_unit(WORKER):
        Event.objects.all().update(state="HANDLED")
    late = start + 200 * DAY
    run(late)
    run(late)
    with work_unit(WORKER):
        topics = list(Event.objects.filter(state="QUEUED").values_list("topic", flat=True))
        terms = [one["term"] for one in Event.objects.filter(
            state="QUEUED", topic="agreement.reminder").values_list("payload", flat=True)]  # fmt: skip
    assert topics.count("warranty.ending") == 1
    assert len(terms) == len(set(terms)) <= 10


@pytest.mark.parametrize("renewed_on", [END - 100 * DAY, END - 40 * DAY])
def test_nobody_is_reminded_of_what_is_renewed(world: World, component: Component, renewed_on: date) -> None:
    term = sold(world, component)
    at = noon(renewed_on)
    with work_unit(STAFF):
        actor = world.actor("fin")
        following = services.draft_term(
            actor=actor, agreement=term.agreement, components=[component], start=END + DAY, end=END + 365 * DAY,
            kind="RENEWAL", predecessor=term, now=at,
        )  # fmt: skip
        services.quote(actor=actor, term=following, on=at.date(), now=at)
        _, invoice = services.order(actor=actor, term=following, purchase_order="PO", on=at.date(), now=at)
        pay(actor, invoice, invoice.total, at)
    for after in (-30, 1, 15, 31):
        assert run(END + after * DAY) == 0


def test_components_out_of_use_or_covered_otherwise_remind_nobody(world: World, component: Component) -> None:
    with work_unit(STAFF):
        other = ComponentFactory(customer=world.acme, site=component.site, implemented_on=date(2025, 1, 1))
    sold(world, component)
    sold(world, other)
    ordered(world, [component], END + DAY, END + 365 * DAY, now=noon(END - 50 * DAY))
    with work_unit(STAFF):
        Component.objects.filter(pk=other.pk).update(state=Component.State.RETIRED)
    assert run(END - 30 * DAY) == 0


# Whom and what -------------------------------------------------------------------------------------------------------


def test_the_customer_and_the_seller_read_what_they_need(world: World, component: Component) -> None:
    term = sold(world, component)
    run(END - 30 * DAY)
    made = last("agreement.reminder")
    assert set(made) == {"ana", "dora"}  # administrator and manager: no other member, no other reseller
    ana, dora = made["ana"], made["dora"]
    assert ana.subject == "Support agreement AG-ACME-1 ends on 31 Jan 2027"
    assert "Your support agreement AG-ACME-1 ends in 30 days, on 31 Jan 2027." in ana.text
    assert "Ask Delta Reseller for a quote" in ana.text
    assert "Support goes on for 30 days, until 2 Mar 2027" in ana.text.replace("support goes on", "Support goes on")
    assert f"http://localhost:8000/agreements/{term.agreement_id}/" in ana.text
    assert component.serial in ana.text
    assert f'href="http://localhost:8000/agreements/{term.agreement_id}/"' in ana.html
    assert "Ana Test at Acme Lifts got a mail about it." in dora.text
    assert "http://localhost:8000/renewals/" in dora.text
    assert "2,000.00" not in ana.text + ana.html


@pytest.mark.parametrize(
    "after, said",
    [
        (1, "ended on 31 Jan 2027. Support ends in 29 days, on 2 Mar 2027."),
        (25, "Support ends in 5 days, on 2 Mar 2027."),
        (31, "Your support agreement AG-ACME-1 has lapsed. Its components are not covered any more."),
    ],
)
def test_grace_and_lapse_say_what_is_left(world: World, component: Component, after: int, said: str) -> None:
    sold(world, component)
    run(END + after * DAY)
    assert said in last("agreement.reminder")["ana"].text


@pytest.mark.parametrize(
    "seller, amount_to_customer, seller_reader", [("rozoom", True, "fin"), ("delta", False, "dora")]
)
def test_suspension_names_the_amount_to_who_pays_it(
    world: World, component: Component, seller: str, amount_to_customer: bool, seller_reader: str
) -> None:
    sold(world, component, seller=seller, paid=False)
    run(START)
    run(date(2026, 3, 12))  # due 9 Feb
    made = last("agreement.reminder")
    assert set(made) == {"ana", seller_reader}
    assert ("2,000.00 USD is open." in made["ana"].text) == amount_to_customer
    assert ("Delta Reseller sold it and settles its fee" in made["ana"].text) != amount_to_customer
    assert "2,000.00 USD is open." in made[seller_reader].text
    assert "The last day on which a payment helps is 10 May 2026." in made["ana"].text


def test_a_term_that_nobody_paid_is_sold_anew(world: World, component: Component) -> None:
    sold(world, component, paid=False)
    run(date(2026, 5, 11))
    made = last("agreement.reminder")
    assert "Its fee was more than 90 days overdue. Ask Delta Reseller for a new quote." in made["ana"].text
    assert "it can be sold anew" in made["dora"].text


def test_a_quote_that_expired_is_told_to_the_seller_only(world: World, component: Component) -> None:
    quoted(world, [component], START, END, on=ORDERED_AT.date(), now=ORDERED_AT)
    assert run(date(2026, 2, 9)) == 0
    assert run(date(2026, 2, 10)) == 1
    (mail,) = last("agreement.reminder").items()
    assert mail[0] == "fin"
    assert "expired on 9 Feb 2026. Nobody ordered it." in mail[1].text


def test_a_quote_that_another_replaced_expires_in_silence(world: World, component: Component) -> None:
    old = quoted(world, [component], START, END, on=ORDERED_AT.date(), now=ORDERED_AT)
    at = noon(date(2026, 2, 5))
    with work_unit(STAFF):
        actor = world.actor("fin")
        new = services.draft_term(
            actor=actor, agreement=old.agreement, components=[component], start=START, end=END, now=at
        )
        services.quote(actor=actor, term=new, on=at.date(), now=at)
    assert run(date(2026, 2, 10)) == 0
    assert told() == []


def test_without_an_administrator_the_seller_hears_that_nobody_was_told(world: World, component: Component) -> None:
    sold(world, component)
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.ana.pk).update(is_active=False)
    run(END - 30 * DAY)
    made = last("agreement.reminder")
    assert set(made) == {"dora"}
    assert "Nobody at Acme Lifts was told: it has no administrator with access." in made["dora"].text


def test_a_reseller_that_lost_the_customer_hears_nothing(world: World, component: Component) -> None:
    sold(world, component)
    with work_unit(STAFF):
        Organisation.objects.filter(pk=world.acme.pk).update(reseller=world.nova)
    run(END - 30 * DAY)
    assert set(last("agreement.reminder")) == {"ana", "fin"}


def test_a_reminder_names_the_quote_that_is_ready(world: World, component: Component) -> None:
    term = sold(world, component)
    with work_unit(STAFF):
        send_renewal(actor=world.actor("fin"), term=term, letter="Renew it.", now=noon(END - 40 * DAY))
    run(END - 30 * DAY)
    made = last("agreement.reminder")
    assert (
        "A quote for the renewal is ready: 2,000.00 USD, until 31 Jan 2028. Order it by 21 Jan 2027."
        in made["ana"].text
    )
    assert "Read and order the quote" in made["ana"].text


@pytest.mark.parametrize(
    "kind, after, reason",
    [
        ("ENDS_30", -20, ""),
        ("ENDS_30", 3, "it is in grace now"),
        ("GRACE_1", 3, ""),
        ("GRACE_25", 40, "it is lapsed now"),
    ],
)
def test_a_mail_that_waited_is_dropped_when_things_changed(
    world: World, component: Component, kind: str, after: int, reason: str
) -> None:
    with work_unit(STAFF):
        today = day_of(database_now())
    end = today - after * DAY
    term = ordered(world, [component], end - 364 * DAY, end, now=noon(end - 380 * DAY)).term
    with work_unit(WORKER):
        assert still_needed([str(term.pk), kind]) == reason


# Orders, requests and letters ----------------------------------------------------------------------------------------


def test_an_order_is_confirmed_to_both_sides(world: World, component: Component) -> None:
    term = quoted(world, [component], START, END, on=ORDERED_AT.date(), now=ORDERED_AT)
    with work_unit(STAFF):
        SupportAgreement.objects.filter(pk=term.agreement_id).update(sold_by=world.delta)
        services.order(
            actor=world.actor("fin"), term=term, purchase_order="PO-77", on=ORDERED_AT.date(), now=ORDERED_AT
        )
    made = last("agreement.ordered")
    assert set(made) == {"ana", "dora"}
    assert "Invoice: 2026-00001" in made["dora"].text  # Delta is billed
    assert "Due: 9 Feb 2026" in made["dora"].text
    assert "2026-00001" not in made["ana"].text
    assert "Delta Reseller bills it to you." in made["ana"].text
    assert "Fin Test, purchase order PO-77" in made["ana"].text


def test_a_direct_customer_reads_the_invoice_it_pays(world: World) -> None:
    component = implemented(world.components["solo"], date(2025, 1, 1))
    price(component)
    with work_unit(STAFF), as_login_role():
        person(world.solo, Role.CUSTOMER_ADMINISTRATOR, "Sue Test", "sue@test.example")
    ordered(world, [component], START, END, now=ORDERED_AT, paid=False)
    made = last("agreement.ordered")
    assert set(made) == {"sue", "fin"}
    assert "Invoice: 2026-00001\nAmount: 2,000.00 USD\nDue: 9 Feb 2026" in made["sue"].text


def test_a_request_reaches_the_seller_in_the_customers_words(world: World, component: Component) -> None:
    term = sold(world, component)
    actor = world.actor("ana")
    with work_unit(actor.context) as unit:
        assert unit.now is not None
        services.ask_for_quote(
            actor=actor, customer=world.acme, components=[component], text="Two years, <b>if</b> cheaper.",
            agreement=SupportAgreement.objects.get(pk=term.agreement_id), now=unit.now,
        )  # fmt: skip
    (mail,) = last("agreement.asked").values()
    assert mail.to == "dora@test.example"
    assert mail.subject == "Acme Lifts asks for a renewal of AG-ACME-1"
    assert "Two years, <b>if</b> cheaper." in mail.text
    assert "<b>if</b>" not in mail.html
    assert "Write back to: ana@test.example" in mail.text


def test_a_letter_goes_to_who_can_order(world: World, component: Component) -> None:
    term = sold(world, component)
    with work_unit(STAFF):
        send_renewal(
            actor=world.actor("fin"), term=term, letter="First line.\n\n<script>no</script>", now=noon(END - 20 * DAY)
        )
    (mail,) = last("renewal.sent").values()
    assert mail.to == "ana@test.example"
    assert mail.subject == "Renewal of support agreement AG-ACME-1"
    assert "First line." in mail.text
    assert "Fee: 2,000.00 USD" in mail.text
    assert "Order by: 10 Feb 2027" in mail.text
    assert "<script>" not in mail.html


def test_a_letter_that_reaches_nobody_is_told_to_the_seller(world: World, component: Component) -> None:
    term = sold(world, component)
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.ana.pk).update(is_active=False)
        send_renewal(actor=world.actor("fin"), term=term, letter="Renew it.", now=noon(END - 20 * DAY))
    (mail,) = last("renewal.sent").values()
    assert mail.to == "dora@test.example"
    assert "Nobody at Acme Lifts could be told of the renewal of AG-ACME-1." in mail.text


@pytest.mark.parametrize("topic", ["agreement.reminder", "agreement.ordered", "agreement.asked", "renewal.sent"])
def test_an_event_of_one_customer_says_nothing_of_another(world: World, component: Component, topic: str) -> None:
    """Tenants may write events of their own; the keys in them are looked up inside their customer only."""
    deal = ordered(world, [component], START, END, now=ORDERED_AT)
    with work_unit(STAFF):
        notice = ContractNotice.objects.create(
            customer=world.acme,
            kind="LETTER",
            about=str(deal.term.pk),
            by_name="Fin",
            text="Secret",
            told_at=ORDERED_AT,
        )
    payload = {
        "term": str(deal.term.pk), "notice": "ENDS_30" if topic == "agreement.reminder" else str(notice.pk),
        "invoice": str(deal.invoice.pk), "request": "nonsense",
    }  # fmt: skip
    with work_unit(WORKER):
        forged = Event(topic=topic, payload=payload, customer=world.bolt, reseller=world.nova, created_at=ORDERED_AT)
        assert mails_in(said_of(forged)) == []


# Warranties ----------------------------------------------------------------------------------------------------------


def test_warranties_that_end_are_one_mail_of_a_customer_and_day(world: World, component: Component) -> None:
    with work_unit(STAFF):
        others = [
            ComponentFactory(customer=world.acme, site=component.site, serial=f"W-{n}", implemented_on=date(2025, 1, 1))
            for n in range(3)
        ]
    for number, part in enumerate([component, *others[:2]]):
        warranty(part, date(2025, 2, 1), END + number * DAY)
    warranty(others[2], date(2025, 2, 1), END)
    warranty(others[2], END + DAY, END + 300 * DAY, kind="EXTENDED")  # goes on
    ordered(world, [component], START + 300 * DAY, START + 664 * DAY, now=noon(START + 200 * DAY))
    assert run(END - 91 * DAY) == 0
    assert run(END - 90 * DAY) == 1
    made = last("warranty.ending")
    assert set(made) == {"ana", "dora"}
    assert made["ana"].subject == "Acme Lifts: a warranty ends on 31 Jan 2027"
    assert "It is in an agreement that goes on for longer." in made["ana"].text
    assert "in AG-ACME-1 until" in made["ana"].text
    assert "http://localhost:8000/components/\n" in made["ana"].text
    assert "http://localhost:8000/components/?customer=ACME\n" in made["dora"].text
    assert [run(END - (89 - n) * DAY) for n in range(3)] == [1, 1, 0]
    late = END - 29 * DAY
    assert run(late) == 1
    assert run(late) == 0
    both = last("warranty.ending")["ana"]
    assert both.subject == "Acme Lifts: 3 warranties end from 31 Jan 2027 on"
    assert "W-2" not in both.text
    with work_unit(STAFF):
        assert ContractNotice.objects.filter(kind="ENDS_60", text=PASSED).count() == 2


def test_what_comes_up_later_on_the_same_day_waits_for_the_next(world: World, component: Component) -> None:
    warranty(component, date(2025, 2, 1), END)
    day = END - 50 * DAY
    assert run(day) == 1
    with work_unit(STAFF):
        other = ComponentFactory(customer=world.acme, site=component.site)
    warranty(other, date(2025, 2, 1), END)
    assert run(day) == 0
    assert run(day + DAY) == 1
    assert other.serial in last("warranty.ending")["ana"].text


@pytest.mark.parametrize("state", ["RETIRED", "RETURNED", "void", "software"])
def test_no_reminder_of_a_warranty_that_protects_nothing(world: World, component: Component, state: str) -> None:
    row = warranty(component, date(2025, 2, 1), END)
    with work_unit(STAFF):
        if state == "void":
            type(row).objects.filter(pk=row.pk).update(voided_at=noon(START))
        elif state == "software":
            type(component.product).objects.update(kind="SOFTWARE")
        else:
            Component.objects.filter(pk=component.pk).update(state=state)
    assert run(END - 50 * DAY) == 0


# All the way ---------------------------------------------------------------------------------------------------------


def test_a_reminder_arrives_as_text_and_html(lasting_world: World, mail_server: Handler) -> None:  # noqa: F811
    world = lasting_world
    component = implemented(world.components["acme"], date(2025, 1, 1))
    price(component)
    with work_unit(STAFF):
        today = day_of(database_now())
    end = today + 20 * DAY
    ordered(world, [component], end - 364 * DAY, end, now=noon(end - 380 * DAY))
    with work_unit(WORKER):
        Event.objects.all().update(state="HANDLED")
    keep(seconds=60)
    expand(seconds=10)
    deliver(seconds=10)
    found = {mail["To"]: mail for mail in mail_server.mails}
    assert set(found) == {"ana@test.example", "fin@test.example"}
    mail = found["ana@test.example"]
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = (part.get_payload(decode=True).decode() for part in mail.get_payload())
    assert "Your support agreement AG-ACME-1 ends in 20 days" in plain
    assert '<h1>Your support agreement <span class="whole">AG-ACME-1</span> ends in 20 days' in html


def test_it_says_what_an_answer_becomes_and_that_is_true(world: World, component: Component) -> None:
    sold(world, component)
    run(END - 30 * DAY)
    mails = last("agreement.reminder")
    assert "an answer to this mail becomes a new ticket" in mails["ana"].text
    assert "an answer to this mail becomes a new ticket" in mails["ana"].html
    assert "an answer to this mail goes to roZoom's desk" in mails["dora"].text
    answer = letter("Ana <ana@test.example>", f"Re: {mails['ana'].subject}", "Renew it.", **_as_answer(mails["ana"]))
    filed = ticket_of(receive(answer))
    assert (filed.customer_id, filed.subject) == (world.acme.pk, "Re: Support agreement AG-ACME-1 ends on 31 Jan 2027")
    held = receive(letter("Dora <dora@test.example>", f"Re: {mails['dora'].subject}", **_as_answer(mails["dora"])))
    assert (held.outcome, held.code) == ("held", "which_customer")


def _as_answer(mail: Mail) -> dict[str, str]:
    return {"In_Reply_To": mail.headers["References"], "References": mail.headers["References"]}
