"""The job that writes states down: by legal moves, once each, and never in the way of anybody's cover."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from contracts.keeping import bring_up_to_date, keep
from contracts.lifecycle import TermState, WarrantyState
from contracts.models import AgreementTerm, Component, ContractNotice, WarrantyCoverage
from contracts.standing import standing
from contracts.tasks import keep as task
from contracts.terms import DAY
from notifications.models import Event
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent
from tests.contracts.deals import STAFF, Deal, implemented, ordered, pay, price, quoted, warranty
from tests.together import together
from tests.world import World

WORKER = Context("worker")
ORDERED_AT = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
START, END = date(2026, 2, 1), date(2027, 1, 31)
T = TermState


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, 0, tzinfo=UTC)


def run(day: date) -> Any:
    return keep(seconds=60, now=noon(day))


def state(term: AgreementTerm) -> str:
    with work_unit(STAFF):
        return AgreementTerm.objects.get(pk=term.pk).state


def verbs(of: AgreementTerm) -> list[str]:
    with work_unit(STAFF):
        chain = AuditEvent.objects.filter(chain=f"agreement:{of.agreement_id}", actor_name="Daily keeping")
        return list(chain.order_by("seq").values_list("verb", flat=True))


def moves() -> list[tuple[str, str]]:
    with work_unit(WORKER):
        found = Event.objects.filter(topic="agreement.moved").order_by("id").values_list("payload", flat=True)
        return [(one["from"], one["to"]) for one in found]


@pytest.fixture
def component(world: World) -> Component:
    found = implemented(world.components["acme"], date(2025, 1, 1))
    price(found)
    return found


def deal(world: World, component: Component, **more: Any) -> Deal:
    return ordered(world, [component], START, END, now=more.pop("now", ORDERED_AT), **more)


def renewed(world: World, term: AgreementTerm, component: Component, now: datetime) -> AgreementTerm:
    found = ordered(world, [component], END + DAY, date(2028, 1, 31), now=now).term
    with work_unit(STAFF):  # into the same agreement, as the renewals desk does
        AgreementTerm.objects.filter(pk=found.pk).update(agreement_id=term.agreement_id, predecessor=term)
        return AgreementTerm.objects.get(pk=found.pk)


def test_a_paid_term_begins_ends_and_lapses(world: World, component: Component) -> None:
    term = deal(world, component).term
    expected = [(START - DAY, "ORDERED"), (START, "IN_FORCE"), (END, "IN_FORCE"), (END + DAY, "GRACE")]
    for day, stored in [*expected, (END + 30 * DAY, "GRACE"), (END + 31 * DAY, "LAPSED")]:
        run(day)
        assert state(term) == stored
    assert verbs(term) == ["term.began", "term.entered_grace", "term.lapsed"]
    assert moves() == [("ORDERED", "IN_FORCE"), ("IN_FORCE", "GRACE"), ("GRACE", "LAPSED")]


def test_one_late_run_takes_the_same_moves(world: World, component: Component) -> None:
    term = deal(world, component).term
    kept = run(END + 200 * DAY)
    assert kept.moved == 3
    assert verbs(term) == ["term.began", "term.entered_grace", "term.lapsed"]
    assert run(END + 200 * DAY).moved == 0


@pytest.mark.parametrize(
    "day, stored", [(30, "IN_FORCE"), (31, "SUSPENDED"), (90, "SUSPENDED"), (91, "LAPSED"), (600, "LAPSED")]
)
def test_a_fee_that_is_not_paid_suspends_and_lapses(world: World, component: Component, day: int, stored: str) -> None:
    found = deal(world, component, paid=False)
    assert found.invoice.due_on == date(2026, 2, 9)
    run(found.invoice.due_on + day * DAY)
    assert state(found.term) == stored
    assert "term.entered_grace" not in verbs(found.term)


def test_a_payment_resumes_it(world: World, component: Component) -> None:
    found = deal(world, component, paid=False)
    run(date(2026, 4, 1))
    with work_unit(STAFF):
        pay(world.actor("fin"), found.invoice, found.invoice.total, noon(date(2026, 4, 2)))
    run(date(2026, 4, 3))
    assert state(found.term) == T.IN_FORCE
    assert verbs(found.term) == ["term.began", "term.suspended", "term.resumed"]


def test_a_renewal_ordered_before_the_end_or_in_grace_renews(world: World, component: Component) -> None:
    term = deal(world, component).term
    run(END + 5 * DAY)
    assert state(term) == T.GRACE
    following = renewed(world, term, component, noon(END + 6 * DAY))
    run(END + 6 * DAY)
    assert (state(term), state(following)) == (T.RENEWED, T.IN_FORCE)


def test_a_quote_that_nobody_accepts_expires(world: World, component: Component) -> None:
    term = quoted(world, [component], START, END, on=ORDERED_AT.date(), now=ORDERED_AT)
    run(date(2026, 2, 9))
    assert state(term) == T.QUOTED
    run(date(2026, 2, 10))
    assert state(term) == T.QUOTE_EXPIRED


@pytest.mark.parametrize("who, stored", [("fin", "IN_FORCE"), ("dora", "ORDERED"), ("ana", "ORDERED")])
def test_staff_bring_one_term_up_to_date_and_tenants_leave_it(
    world: World, component: Component, who: str, stored: str
) -> None:
    term = deal(world, component).term
    with work_unit(world.actor(who).context):
        found = AgreementTerm.objects.select_related("agreement__customer").get(pk=term.pk)
        assert bring_up_to_date(found, noon(START)).state == stored
        assert standing(found, noon(START)).state == T.IN_FORCE


def test_warranties_are_written_down(world: World, component: Component) -> None:
    row = warranty(component, START, END)
    seen = []
    for day in (START - DAY, START, END, END + DAY):
        run(day)
        with work_unit(STAFF):
            seen.append(WarrantyCoverage.objects.get(pk=row.pk).state)
    assert seen == ["PENDING", "ACTIVE", "ACTIVE", "EXPIRED"]
    with work_unit(STAFF):
        told = AuditEvent.objects.filter(chain=f"component:{component.pk}").order_by("seq")
        assert list(told.values_list("verb", flat=True)) == ["warranty.began", "warranty.ended"]


@pytest.mark.parametrize("days, stored", [(30, WarrantyState.VOID), (31, WarrantyState.VOID_FINAL)])
def test_a_void_warranty_is_void_for_good(world: World, component: Component, days: int, stored: str) -> None:
    row = warranty(component, START, END)
    run(START)
    with work_unit(STAFF):
        row = WarrantyCoverage.objects.get(pk=row.pk)
        row.make_void()
        row.voided_at = noon(START)
        row.save(update_fields=["state", "voided_at"])
    run(START + days * DAY)
    with work_unit(STAFF):
        assert WarrantyCoverage.objects.get(pk=row.pk).state == stored


def test_one_row_that_fails_holds_up_no_other(
    world: World, component: Component, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    other = implemented(world.components["solo"], date(2025, 1, 1))
    bad, good = deal(world, component).term, deal(world, other).term
    begin = AgreementTerm.begin

    def stumble(term: AgreementTerm) -> None:
        if term.pk == bad.pk:
            raise AgreementTerm.DoesNotExist
        begin(term)

    monkeypatch.setattr(AgreementTerm, "begin", stumble)
    run(START)
    assert (state(bad), state(good)) == (T.ORDERED, T.IN_FORCE)
    assert f"keeping term {bad.pk} failed" in caplog.text


def test_the_task_and_the_command_run_it(world: World, component: Component, capsys: Any) -> None:
    with work_unit(STAFF) as unit:
        now = unit.now
    assert now is not None
    term = ordered(
        world, [component], (now - timedelta(days=10)).date(), (now + timedelta(days=300)).date(), now=now
    ).term
    task()
    assert state(term) == T.IN_FORCE
    call_command("keep_contracts")
    assert capsys.readouterr().out == "0 states written, 0 reminders left for the mail.\n"


def test_two_keepers_at_once_move_and_tell_each_term_once(lasting_world: World) -> None:
    world = lasting_world
    component = implemented(world.components["acme"], date(2025, 1, 1))
    price(component)
    terms = [
        ordered(world, [one], START, END, now=ORDERED_AT).term
        for one in (component, implemented(world.components["solo"], date(2025, 1, 1)))
    ]
    warranty(component, START, END)
    day = END - 20 * DAY
    together(*[lambda: run(day)] * 3)
    run(day)
    for term in terms:
        assert verbs(term) == ["term.began"]
    with work_unit(WORKER):
        events = list(Event.objects.exclude(topic="agreement.ordered").values_list("topic", flat=True))
        notices = list(ContractNotice.objects.values_list("about", "kind"))
    assert sorted(events) == sorted(["agreement.moved"] * 2 + ["agreement.reminder"] * 2 + ["warranty.ending"])
    assert len(notices) == len(set(notices)) == 9
