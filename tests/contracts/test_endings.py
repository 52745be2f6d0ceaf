"""How terms and invoices end by a deed: credits, cancellation, notice, write-off, reinstatement."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts import services
from contracts.coverage import facts_of
from contracts.entitlement import Outcome, Support, decide, support
from contracts.models import AgreementTerm, Component, CreditNote, Invoice, Payment, PriceListEntry
from contracts.standing import standing
from tenancy.actor import NotAllowed
from tenancy.context import work_unit
from tenancy.models import AuditEvent, Organisation
from tests.contracts.deals import STAFF, Deal, implemented, ordered, pay, price, warranty
from tests.world import ComponentFactory, World

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
START, END = date(2026, 1, 1), date(2026, 12, 31)
BEFORE = datetime(2025, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def parts(world: World) -> list[Component]:
    one = implemented(world.components["acme"], date(2024, 1, 15))
    with work_unit(STAFF):
        two = ComponentFactory(customer=world.acme, site=one.site, serial="7F-9999", implemented_on=date(2024, 1, 15))
    price(one, "5000.00")
    warranty(one, date(2024, 1, 15), date(2028, 1, 14))
    return [one, two]


def running(world: World, parts: list[Component], *, paid: bool = True) -> Deal:
    """Of calendar year 2026, two components at 5,000.00, ordered a month before."""
    return ordered(world, parts, START, END, now=BEFORE, paid=paid)


def stands(deal: Deal, at: datetime = NOW) -> str:
    with work_unit(STAFF):
        return standing(AgreementTerm.objects.select_related("agreement__customer").get(pk=deal.term.pk), at).state


def invoice_of(deal: Deal) -> Invoice:
    return Invoice.objects.get(pk=deal.invoice.pk)


def test_a_removed_component_is_credited_for_its_unused_days(world: World, parts: list[Component]) -> None:
    """F15: list 5,000.00, removed on 1 Sep from the calendar year 2026: 122 days."""
    deal = running(world, parts)
    on = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
    with work_unit(STAFF):
        fin = world.actor("fin")
        remove = {"actor": fin, "term": deal.term, "on": date(2026, 9, 1), "reason": "Sold", "now": on}
        note = services.remove_component(component=parts[1], **remove)
        assert note is not None
        assert (note.amount, note.number) == (Decimal("334.25"), "2026-00001")
        assert invoice_of(deal).balance() == Decimal("-334.25")
        facts = facts_of([Component.objects.for_list().get(pk=parts[1].pk)], on)[parts[1].pk]
        assert facts.terms[0].cover == (START, date(2026, 8, 31))
        with pytest.raises(services.CannotEnd, match="not in the term any more"):
            services.remove_component(component=parts[1], **remove)
        with pytest.raises(services.CannotEnd, match="the last component"):
            services.remove_component(component=parts[0], **remove)


@pytest.mark.parametrize("on", [date(2026, 6, 14), date(2027, 1, 1)])
def test_a_component_is_removed_on_a_day_of_its_cover_not_gone(world: World, parts: list[Component], on: date) -> None:
    deal = running(world, parts)
    with work_unit(STAFF), pytest.raises(services.CannotEnd, match="from today to 31 Dec 2026") as refused:
        services.remove_component(
            actor=world.actor("fin"), term=deal.term, component=parts[0], on=on, reason="x", now=NOW
        )
    assert refused.value.param == "on"


def test_a_credit_settles_what_was_open(world: World, parts: list[Component]) -> None:
    """1,000.00 of 2,000.00 paid; taking one component away on the first day credits the other 1,000.00."""
    deal = running(world, parts, paid=False)
    with work_unit(STAFF):
        fin = world.actor("fin")
        pay(fin, deal.invoice, Decimal("1000.00"), BEFORE)
        services.remove_component(
            actor=fin, term=deal.term, component=parts[1], on=START, reason="Ordered by mistake", now=BEFORE
        )
        invoice = invoice_of(deal)
        assert (invoice.state, invoice.balance()) == ("PAID", Decimal(0))


def test_cancelling_before_the_start_voids_what_is_unpaid(world: World, parts: list[Component]) -> None:
    deal = running(world, parts, paid=False)
    with work_unit(STAFF):
        term = services.cancel_term(actor=world.actor("fin"), term=deal.term, reason="Not needed", now=BEFORE)
        invoice = invoice_of(deal)
        assert (term.state, invoice.state, invoice.balance()) == ("CANCELLED", "VOID", Decimal(0))
        (note,) = CreditNote.objects.all()
        assert (note.number, note.amount) == ("2025-00002", deal.invoice.total)
        assert facts_of([parts[0]], NOW)[parts[0].pk].terms == ()


def test_cancelling_before_the_start_refunds_what_was_paid(world: World, parts: list[Component]) -> None:
    deal = running(world, parts)
    with work_unit(STAFF):
        term = services.cancel_term(actor=world.actor("fin"), term=deal.term, reason="Not needed", now=BEFORE)
        invoice = invoice_of(deal)
        assert (term.state, invoice.state, invoice.balance()) == ("CANCELLED", "CREDITED", Decimal(0))
        assert sum(one.amount for one in Payment.objects.all()) == 0


def test_what_has_begun_is_not_cancelled(world: World, parts: list[Component]) -> None:
    deal = running(world, parts)
    with work_unit(STAFF), pytest.raises(services.CannotEnd, match="has not begun"):
        services.cancel_term(actor=world.actor("fin"), term=deal.term, reason="Too late", now=NOW)


def test_after_a_cancellation_the_days_can_be_sold_again(world: World, parts: list[Component]) -> None:
    deal = running(world, parts)
    with work_unit(STAFF):
        services.cancel_term(actor=world.actor("fin"), term=deal.term, reason="Not needed", now=BEFORE)
    again = ordered(world, parts, START, END, now=BEFORE + timedelta(hours=1))
    assert stands(again) == "IN_FORCE"


def test_notice_ends_cover_on_its_day_and_refunds_nothing(world: World, parts: list[Component]) -> None:
    deal = running(world, parts)
    with work_unit(STAFF):
        services.terminate_term(
            actor=world.actor("duty"), term=deal.term, on=date(2026, 7, 1), reason="Letter of 10 Jun", now=NOW
        )
        term = AgreementTerm.objects.get(pk=deal.term.pk)
        assert (term.state, term.terminated_on) == ("TERMINATED", date(2026, 7, 1))
        component = Component.objects.for_list().get(pk=parts[0].pk)
        last, first = datetime(2026, 6, 30, 12, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC)
        assert support(facts_of([component], last)[component.pk], last).support is Support.AGREEMENT
        assert support(facts_of([component], first)[component.pk], first).support is Support.NONE
        assert not CreditNote.objects.exists()
        with pytest.raises(services.CannotEnd, match="Only a term that runs"):
            services.terminate_term(
                actor=world.actor("duty"), term=deal.term, on=date(2026, 8, 1), reason="Again", now=NOW
            )


@pytest.mark.parametrize(
    "on, words", [(date(2026, 6, 14), "today or later"), (date(2027, 1, 1), "by itself on 31 Dec 2026")]
)
def test_notice_ends_nothing_that_is_over(world: World, parts: list[Component], on: date, words: str) -> None:
    deal = running(world, parts)
    with work_unit(STAFF), pytest.raises(services.CannotEnd, match=words):
        services.terminate_term(actor=world.actor("duty"), term=deal.term, on=on, reason="x", now=NOW)


def test_an_invoice_nobody_paid_is_voided_and_its_term_ends(world: World, parts: list[Component]) -> None:
    deal = running(world, parts, paid=False)
    with work_unit(STAFF):
        note = services.void_invoice(actor=world.actor("fin"), invoice=deal.invoice, reason="Wrong customer", now=NOW)
        assert note is not None
        assert (note.amount, invoice_of(deal).state) == (deal.invoice.total, "VOID")
        assert AgreementTerm.objects.get().terminated_on == NOW.date()
        with pytest.raises(services.CannotBill, match="is void"):
            pay(world.actor("fin"), deal.invoice, Decimal(1), NOW)


def test_what_was_paid_on_is_credited_not_voided(world: World, parts: list[Component]) -> None:
    deal = running(world, parts, paid=False)
    with work_unit(STAFF):
        fin = world.actor("fin")
        pay(fin, deal.invoice, Decimal("400.00"), BEFORE)
        with pytest.raises(services.CannotBill, match="Credit it in full"):
            services.void_invoice(actor=fin, invoice=deal.invoice, reason="x", now=NOW)
        services.credit_in_full(actor=fin, invoice=deal.invoice, reason="Agreed with Ana", now=NOW)
        invoice = invoice_of(deal)
        assert (invoice.state, invoice.balance(), invoice.paid_on) == ("CREDITED", Decimal(0), None)
        assert [(one.amount, one.source) for one in Payment.objects.order_by("pk")] == [
            (Decimal("400.00"), "bank"),
            (Decimal("-400.00"), "refund"),
        ]
        assert CreditNote.objects.get().amount == invoice.total
        with pytest.raises(services.CannotBill, match="is credited"):
            services.credit_in_full(actor=fin, invoice=deal.invoice, reason="twice", now=NOW)


def test_a_credit_after_a_part_credit_is_of_the_rest(world: World, parts: list[Component]) -> None:
    deal = running(world, parts)
    with work_unit(STAFF):
        fin = world.actor("fin")
        services.remove_component(
            actor=fin, term=deal.term, component=parts[1], on=date(2026, 9, 1), reason="Sold", now=NOW
        )
        services.credit_in_full(actor=fin, invoice=deal.invoice, reason="Goodwill", now=NOW)
        assert sum(one.amount for one in CreditNote.objects.all()) == deal.invoice.total
        assert invoice_of(deal).balance() == 0


def test_a_write_off_takes_two_people_and_30_days(world: World, parts: list[Component]) -> None:
    deal = running(world, parts, paid=False)  # due on 31 Dec 2025
    with work_unit(STAFF):
        fin, adam = world.actor("fin"), world.actor("adam")
        early = datetime(2026, 1, 30, 12, tzinfo=UTC)
        with pytest.raises(services.CannotBill, match="more than 30 days overdue"):
            services.ask_write_off(actor=fin, invoice=deal.invoice, reason="Bankrupt", now=early)
        services.ask_write_off(actor=fin, invoice=deal.invoice, reason="Bankrupt", now=NOW)
        with pytest.raises(services.CannotBill, match="Another person"):
            services.agree_write_off(actor=fin, invoice=deal.invoice, now=NOW)
        services.agree_write_off(actor=adam, invoice=deal.invoice, now=NOW)
        assert (invoice_of(deal).state, invoice_of(deal).closing_asked_by_name) == ("WRITTEN_OFF", "Fin Test")
    assert stands(deal) == "LAPSED"  # more than 90 days overdue


def test_a_dropped_write_off_needs_asking_again(world: World, parts: list[Component]) -> None:
    deal = running(world, parts, paid=False)
    with work_unit(STAFF):
        fin, adam = world.actor("fin"), world.actor("adam")
        services.ask_write_off(actor=fin, invoice=deal.invoice, reason="Bankrupt", now=NOW)
        services.drop_write_off(actor=adam, invoice=deal.invoice, now=NOW)
        with pytest.raises(services.CannotBill, match="Nobody proposed"):
            services.agree_write_off(actor=adam, invoice=deal.invoice, now=NOW)


def test_the_last_cent_is_cleared_by_an_entry(world: World, parts: list[Component]) -> None:
    """F17: a balance of 0.01 is not paid; R8 denies. After the small-difference entry it is, and R10 grants."""
    deal = running(world, parts, paid=False)
    with work_unit(STAFF):
        fin = world.actor("fin")
        component = Component.objects.for_list().get(pk=parts[0].pk)
        pay(fin, deal.invoice, Decimal("1000.00"), BEFORE)
        with pytest.raises(services.CannotBill, match=r"at most 1\.00 USD"):
            services.clear_small_difference(actor=fin, invoice=deal.invoice, value_date=NOW.date(), now=NOW)
        pay(fin, deal.invoice, Decimal("999.99"), BEFORE)
        soon = datetime(2026, 1, 10, 12, tzinfo=UTC)
        assert decide(facts_of([component], soon, reported_at=soon)[component.pk], soon).rule == "R8"
        services.clear_small_difference(actor=fin, invoice=deal.invoice, value_date=soon.date(), now=soon)
        assert (invoice_of(deal).state, invoice_of(deal).balance()) == ("PAID", Decimal(0))
        answer = decide(facts_of([component], soon, reported_at=soon)[component.pk], soon)
        assert (answer.rule, answer.outcome) == ("R10", Outcome.ADVANCE)


# Reinstatement --------------------------------------------------------------------------------------------------------

PAID_ON = date(2026, 7, 10)
ON_THAT_DAY = datetime(2026, 7, 10, 12, tzinfo=UTC)


@pytest.fixture
def lapsed(world: World, parts: list[Component]) -> Deal:
    """F13: of one component at 10,000.00, ended on 31 Mar 2026, paid, not renewed."""
    with work_unit(STAFF):
        PriceListEntry.objects.update(list_price=Decimal("10000.00"))
    start = datetime(2025, 3, 1, 9, tzinfo=UTC)
    return ordered(world, parts[:1], date(2025, 4, 1), date(2026, 3, 31), now=start)


def reinstate(world: World, deal: Deal, **changes: Any) -> tuple[AgreementTerm, Invoice]:
    asked = {
        "actor": world.actor("fin"), "term": deal.term, "paid_on": PAID_ON, "amount": Decimal("2547.95"),
        "reference": "Bank 77", "inspected_on": None, "now": ON_THAT_DAY,
    } | changes  # fmt: skip
    with work_unit(STAFF):
        return services.reinstate(**asked)


def test_a_reinstatement_is_the_days_between_and_a_new_year(world: World, lapsed: Deal) -> None:
    term, invoice = reinstate(world, lapsed)
    with work_unit(STAFF):
        assert (term.start_date, term.end_date, term.kind) == (PAID_ON, date(2027, 7, 9), "REINSTATEMENT")
        amounts = sorted(line.amount for line in invoice.lines.all())
        assert amounts == [Decimal("547.95"), Decimal("2000.00")]
        assert (invoice.kind, invoice.total, invoice.state) == ("REINSTATEMENT", Decimal("2547.95"), "PAID")
        assert AgreementTerm.objects.get(pk=lapsed.term.pk).state == "REINSTATED"
    assert stands(Deal(lapsed.agreement, term, invoice), ON_THAT_DAY) == "IN_FORCE"


def test_a_reinstatement_counts_for_later_failures_only(world: World, lapsed: Deal, parts: list[Component]) -> None:
    reinstate(world, lapsed)
    before, after = ON_THAT_DAY - timedelta(hours=1), ON_THAT_DAY + timedelta(hours=1)
    with work_unit(STAFF):
        component = Component.objects.for_list().get(pk=parts[0].pk)
        rules = [
            decide(facts_of([component], after, reported_at=at)[component.pk], after).rule for at in (before, after)
        ]
    assert rules == ["R7", "R10"]


@pytest.mark.parametrize(
    "changes, param, words",
    [
        ({"amount": Decimal("2547.94")}, "amount", r"costs 2,547\.95 USD"),
        ({"paid_on": date(2026, 7, 11)}, "paid_on", "one of the last 30 days"),
        ({"paid_on": date(2026, 6, 9)}, "paid_on", "one of the last 30 days"),
        ({"paid_on": date(2026, 4, 30), "now": datetime(2026, 5, 5, tzinfo=UTC)}, "paid_on", "not lapsed yet"),
        ({"paid_on": date(2026, 4, 20), "now": datetime(2026, 4, 25, tzinfo=UTC)}, "", "Only a lapsed term"),
    ],
)
def test_what_is_not_reinstated(world: World, lapsed: Deal, changes: Any, param: str, words: str) -> None:
    with pytest.raises(services.CannotReinstate, match=words) as refused:
        reinstate(world, lapsed, **changes)
    assert refused.value.param == param
    with work_unit(STAFF):
        assert AgreementTerm.objects.count() == 1


def test_after_more_than_365_days_somebody_has_looked_at_it(world: World, lapsed: Deal) -> None:
    on = date(2027, 4, 1)
    late = {"paid_on": on, "now": datetime(2027, 4, 1, 12, tzinfo=UTC), "amount": Decimal("4000.00")}
    with pytest.raises(services.CannotReinstate, match="inspected") as refused:
        reinstate(world, lapsed, **late)
    assert refused.value.param == "inspected_on"
    term, invoice = reinstate(world, lapsed, **late, inspected_on=date(2027, 3, 20))
    with work_unit(STAFF):
        assert AgreementTerm.objects.get(pk=term.pk).inspected_on == date(2027, 3, 20)
    assert invoice.total == Decimal("4000.00")  # at most one annual fee for the days between


def test_what_lapsed_unpaid_inside_its_dates_needs_a_new_quote(world: World, parts: list[Component]) -> None:
    deal = running(world, parts, paid=False)
    with pytest.raises(services.CannotReinstate, match="Make a new quote"):
        reinstate(world, deal, paid_on=NOW.date(), now=NOW)
    again = ordered(world, parts, NOW.date(), date(2027, 6, 14), now=NOW)
    assert stands(again) == "IN_FORCE"


# Who, and what is kept ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ilse", "ana", "dirk", "dora", "marek", "duty"])
def test_only_finance_ends_invoices(world: World, parts: list[Component], name: str) -> None:
    deal, actor = running(world, parts, paid=False), world.actor(name)
    more = {"actor": actor, "now": NOW}
    with work_unit(actor.context):
        for deed in (
            lambda: services.void_invoice(invoice=deal.invoice, reason="x", **more),
            lambda: services.credit_in_full(invoice=deal.invoice, reason="x", **more),
            lambda: services.ask_write_off(invoice=deal.invoice, reason="x", **more),
            lambda: services.agree_write_off(invoice=deal.invoice, **more),
            lambda: services.clear_small_difference(invoice=deal.invoice, value_date=NOW.date(), **more),
            lambda: services.cancel_term(term=deal.term, reason="x", **more),
            lambda: services.remove_component(term=deal.term, component=parts[0], on=NOW.date(), reason="x", **more),
        ):
            with pytest.raises(NotAllowed):
                deed()


def test_a_deed_without_a_reason_is_none(world: World, parts: list[Component]) -> None:
    deal = running(world, parts, paid=False)
    with work_unit(STAFF), pytest.raises(services.CannotEnd, match="Say why") as refused:
        services.void_invoice(actor=world.actor("fin"), invoice=deal.invoice, reason="  ", now=NOW)
    assert refused.value.param == "reason"


def test_each_end_is_in_the_audit_trail(world: World, parts: list[Component]) -> None:
    deal = running(world, parts)
    with work_unit(STAFF):
        services.credit_in_full(actor=world.actor("fin"), invoice=deal.invoice, reason="Goodwill", now=NOW)
        chain = f"agreement:{deal.agreement.pk}"
        verbs = list(AuditEvent.objects.filter(chain=chain).order_by("seq").values_list("verb", flat=True))
    assert [verb for verb in verbs[-4:] if verb != "term.began"] == ["credit.issued", "invoice.credited", "term.ended"]


def test_a_reseller_says_once_that_its_customer_paid(world: World, parts: list[Component]) -> None:
    """P13: it counts until roZoom's invoice to the reseller is 30 days overdue."""
    fin, dora = world.actor("fin"), world.actor("dora")
    with work_unit(STAFF):
        acme, delta = (Organisation.objects.get(pk=one.pk) for one in (world.acme, world.delta))
        offer = services.Offer(acme, parts[:1], (START, END), "USD")
        term = services.make_quote(actor=fin, offer=offer, sold_by=delta, on=BEFORE.date(), now=BEFORE)
        term, _ = services.order(actor=fin, term=term, purchase_order="PO", on=BEFORE.date(), now=BEFORE)
    said = {"paid_on": date(2026, 1, 5), "statement": "Our invoice 88", "now": datetime(2026, 1, 6, tzinfo=UTC)}
    with work_unit(dora.context):
        with pytest.raises(services.CannotAttest, match="not one ahead"):
            services.attest_payment(actor=dora, term=term, **said | {"paid_on": date(2026, 1, 7)})
        services.attest_payment(actor=dora, term=term, **said)
        with pytest.raises(services.CannotAttest, match="said so already"):
            services.attest_payment(actor=dora, term=term, **said)
    with work_unit(STAFF):
        component = Component.objects.for_list().get(pk=parts[0].pk)
        days = (date(2026, 1, 30), date(2026, 1, 31))  # due on 31 Dec 2025
        rules = []
        for day in days:
            at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            rules.append(decide(facts_of([component], at, reported_at=at)[component.pk], at).rule)
    assert rules == ["R10", "R8"]


def test_an_instant_before_the_cancellation_answers_as_it_did_then(world: World) -> None:
    """Prepaid inside the free days (P3), cancelled later: what was decided between stays explainable."""
    part = implemented(world.components["acme"], date(2026, 4, 1))
    price(part, "5000.00")
    warranty(part, date(2026, 4, 1), date(2028, 3, 31))
    bought, failed, cancelled = (datetime(2026, month, 10, 9, 0, tzinfo=UTC) for month in (4, 5, 6))
    deal = ordered(world, [part], date(2026, 7, 1), date(2027, 6, 30), now=bought, paid=True)

    def rule(at: datetime) -> str:
        with work_unit(STAFF):
            one = Component.objects.for_list().get(pk=part.pk)
            return decide(facts_of([one], at, reported_at=failed)[one.pk], at).rule

    assert rule(failed) == "R10"
    with work_unit(STAFF):
        services.cancel_term(actor=world.actor("fin"), term=deal.term, reason="Sold", now=cancelled)
    assert rule(failed) == "R10"
    assert rule(cancelled + timedelta(days=1)) == "R6"
