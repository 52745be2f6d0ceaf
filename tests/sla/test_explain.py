"""Why is this due then?"""

from datetime import UTC, datetime, timedelta

from sla import services
from sla.queries import explain, segments_of, unanswered_first
from tenancy.context import Context, database_now, work_unit
from tests.sla.promises import STAFF, WORKER, reported, start
from tests.world import World, ticket

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_a_promise_that_runs(world: World) -> None:
    filed = ticket(world, severity=1)
    with work_unit(Context("customer", world.acme.pk)):
        (only,) = explain(segments_of(filed.customer_id, filed.pk), "Europe/Berlin")
    assert (only.kind, only.severity, only.target, only.outcome, only.late) == ("FIRST", 1, HOUR, "RUNNING", None)
    assert only.counted_from == filed.reported_at
    assert only.due_at == only.first_due_at == filed.reported_at + HOUR
    assert only.rule.startswith(
        "A first answer within 1 hour of the report, because the severity was 1. The clock started on "
    )
    assert "any hour of any day" in only.rule
    assert (only.changes, only.zone) == ((), "Europe/Berlin")


def test_every_change_and_every_promise_is_told(world: World) -> None:
    filed = ticket(world, severity=3)
    key = {"customer_id": filed.customer_id, "ticket_id": filed.pk}
    with work_unit(WORKER):
        services.cancel(**key, reason="another time", now=database_now())
        start(filed, started_at=NOON, severity=3)
        services.supersede(**key, severity=1, reason="all agreed: it got worse", now=NOON + 2 * HOUR)
        services.supersede(**key, severity=2, reason="all agreed: a workaround", now=NOON + 4 * HOUR)
    with work_unit(STAFF):
        services.stop_for_answer(**key)
        promise = explain(segments_of(**key), "Europe/Berlin")[-1]
    assert (promise.first_severity, promise.severity, promise.outcome, promise.was_missed) == (3, 2, "MISSED", True)
    raised, lowered = promise.changes
    assert (raised.old_severity, raised.severity, raised.was_missed) == (3, 1, False)
    assert (raised.old_due_at, raised.due_at) == (NOON + 24 * HOUR, NOON + 3 * HOUR)
    assert raised.rule == (
        "Raised to severity 1 on 2 Nov 2026, 15:00 CET: due 1 hour from then, or at the old due time,"
        " 3 Nov 2026, 13:00 CET, if that is earlier."
    )
    assert raised.reason == "all agreed: it got worse"
    assert (lowered.was_missed, lowered.due_at) == (True, NOON + 4 * HOUR)
    assert lowered.rule == (
        "Lowered to severity 2 on 2 Nov 2026, 17:00 CET: due 4 hours after the report, but never earlier than the old"
        " due time, 2 Nov 2026, 16:00 CET."
    )
    assert promise.late is not None
    assert promise.late == promise.stopped_at - promise.due_at


def test_a_next_answer_counts_from_the_customers_message(world: World) -> None:
    filed = reported(world, timedelta(minutes=10))
    with work_unit(WORKER) as unit:
        services.stop_for_answer(customer_id=filed.customer_id, ticket_id=filed.pk)
        start(filed, started_at=unit.now, kind="NEXT", severity=2)
        first, following = explain(segments_of(filed.customer_id, filed.pk), "UTC")
    assert (first.outcome_words, first.late) == ("Met", timedelta())
    assert following.rule.startswith("An answer within 4 hours of the customer's message")


def test_a_merge_is_named_as_the_reason(world: World) -> None:
    filed = reported(world, timedelta(minutes=10), severity=2)
    with work_unit(STAFF) as unit:
        services.supersede(
            customer_id=filed.customer_id,
            ticket_id=filed.pk,
            severity=2,
            due_at=filed.reported_at + HOUR,
            reason="ACME-2 was merged into this ticket",
            now=unit.now,
        )
        (promise,) = explain(segments_of(filed.customer_id, filed.pk), "UTC")
    assert promise.due_at == filed.reported_at + HOUR
    (merged,) = promise.changes
    assert merged.rule.startswith("The due time of a merged ticket was earlier than ")
    assert merged.reason == "ACME-2 was merged into this ticket"


def test_a_late_end_is_no_late_answer(world: World) -> None:
    withdrawn, answered, early = reported(world, 2 * HOUR), reported(world, 2 * HOUR), ticket(world, severity=1)
    with work_unit(WORKER) as unit:
        for one in (withdrawn, early):
            services.cancel(customer_id=one.customer_id, ticket_id=one.pk, reason="withdrawn", now=unit.now)
        services.stop_for_answer(customer_id=answered.customer_id, ticket_id=answered.pk)
        told = [explain(segments_of(one.customer_id, one.pk), "UTC")[0] for one in (withdrawn, answered, early)]
        late = unanswered_first(world.acme.pk, [one.pk for one in (withdrawn, answered, early)])
    assert [(one.outcome, one.answered) for one in told] == [("MISSED", False), ("MISSED", True), ("CANCELLED", False)]
    assert told[0].outcome_words == "Ended late, without an answer"
    assert late == {withdrawn.pk}
