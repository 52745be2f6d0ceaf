"""Working out every promise again from the audit trail, and comparing it with what stands (docs/promise.md).

Nothing is changed. Tickets are read customer by customer in batches, each with all that belongs to it in one statement: so a
deed that is done meanwhile is seen as a whole or not at all.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from sla.notes import KEY
from sla.replaying import Fired, Replay, Stretch, Told, replay
from tenancy.context import Context, work_unit
from tenancy.integrity import check

WORKER = Context("worker")
BATCH = 200  # tickets

CUSTOMERS = """
SELECT o.id, o.code FROM tenancy_organisation o
WHERE o.kind = 'CUSTOMER' AND EXISTS (SELECT FROM tickets_ticket t WHERE t.customer_id = o.id
  AND (%(reference)s = '' OR t.reference = %(reference)s))
ORDER BY o.code"""
TICKETS = """
SELECT t.id, t.reference, t.clock_due_at, t.response_outcome, t.response_stopped_at,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(e.seq, e.at, e.verb, e.actor_party, e.actor_kind, e.data) ORDER BY e.seq)
    FROM tenancy_auditevent e WHERE e.customer_id = t.customer_id AND e.chain = 'ticket:' || t.id), '[]') AS events,
  coalesce((
    SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id)
    FROM sla_clocksegment s WHERE s.customer_id = t.customer_id AND s.ticket_id = t.id), '[]') AS segments,
  coalesce((
    SELECT jsonb_agg(jsonb_build_array(x.segment_id, x.level, x.scheduled_at, x.fired_at) ORDER BY x.segment_id, x.level)
    FROM sla_clocksegment s JOIN sla_escalation x ON x.customer_id = s.customer_id AND x.segment_id = s.id
    WHERE s.customer_id = t.customer_id AND s.ticket_id = t.id), '[]') AS fired,
  (SELECT e.data FROM tenancy_auditevent e
   WHERE t.merged_into_id IS NOT NULL AND e.customer_id = t.customer_id AND e.chain = 'ticket:' || t.merged_into_id
     AND e.verb = 'ticket.absorbed' AND e.data ->> 'merged' = t.reference
   ORDER BY e.seq DESC LIMIT 1) AS absorbed
FROM tickets_ticket t
WHERE t.customer_id = %(customer)s AND t.id > %(after)s
  AND (%(reference)s = '' OR t.reference = %(reference)s)
  AND (%(since)s::timestamptz IS NULL OR t.updated_at >= %(since)s)
ORDER BY t.id LIMIT %(batch)s"""

# Of a segment: its name in words, and whether the event that ended it has to do with it.
COMPARED = {
    "kind": ("the kind", False),
    "severity": ("the severity", False),
    "counted_from": ("the instant it counts from", False),
    "started_at": ("the start", False),
    "due_at": ("the due time", False),
    "stopped_at": ("the end", True),
    "outcome": ("the outcome", True),
    "reason": ("the reason", True),
}


@dataclass(frozen=True)
class Difference:
    reference: str
    event: str
    words: str

    def __str__(self) -> str:
        return f"{self.reference}, {self.event}: {self.words}" if self.event else f"{self.reference}: {self.words}"


@dataclass(frozen=True)
class Replayed:
    """One ticket. Without `is_whole` nothing could be compared: it was recorded before events told of clocks."""

    reference: str
    events: int
    segments: int
    escalations: int
    is_whole: bool
    differences: list[Difference]


def replay_all(*, reference: str = "", since: datetime | None = None, batch: int = BATCH) -> Iterator[Replayed]:
    """All tickets, the one of that number, or those that changed since. Opens its own units of work, one for each batch."""
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute(CUSTOMERS, {"reference": reference})
        customers = cursor.fetchall()
    for customer_id, code in customers:
        after = 0
        while True:
            asked = {"customer": customer_id, "reference": reference, "since": since, "batch": batch, "after": after}
            last, done = _batch(code, asked)
            yield from done
            if len(done) < batch:
                break
            after = last


def _batch(code: str, asked: dict[str, Any]) -> tuple[int, list[Replayed]]:
    with work_unit(WORKER) as unit, connection.cursor() as cursor:
        assert unit.now is not None
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(TICKETS, asked)
        rows = cursor.fetchall()
        if not rows:
            return 0, []
        faults = check(asked["customer"], code, [f"ticket:{row[0]}" for row in rows]).faults
    broken = {fault.chain: fault.words for fault in faults}
    tickets = [Stored.of_row(row) for row in rows]
    return rows[-1][0], [one.compared(broken.get(f"ticket:{one.pk}", ""), unit.now) for one in tickets]


@dataclass(frozen=True)
class Stored:
    """One ticket and what stands in the tables about its promises."""

    pk: int
    reference: str
    clock_due_at: datetime | None
    response_outcome: str
    response_stopped_at: datetime | None
    events: list[Told]
    segments: dict[int, dict[str, Any]]
    fired: set[Fired]
    absorbed: dict[str, Any] | None

    @classmethod
    def of_row(cls, row: tuple[Any, ...]) -> "Stored":
        pk, reference, clock_due_at, outcome, stopped_at, events, segments, fired, absorbed = row
        return cls(
            pk,
            reference,
            clock_due_at,
            outcome,
            stopped_at,
            [
                Told(seq, datetime.fromisoformat(at), verb, party, actor == "person", data)
                for seq, at, verb, party, actor, data in json.loads(events)
            ],
            {one["id"]: _in_time(one) for one in json.loads(segments)},
            {
                Fired(segment, level, datetime.fromisoformat(due), datetime.fromisoformat(at))
                for segment, level, due, at in json.loads(fired)
            },
            json.loads(absorbed) if absorbed is not None else None,
        )

    def compared(self, broken: str, now: datetime) -> Replayed:
        done = replay(self.events)
        found = list(self._differences(done, now)) if done.is_whole else []
        if broken:
            found.insert(0, self._difference(None, f"its audit trail is broken: {broken}"))
        elif not self.events:
            found.insert(0, self._difference(None, "it has no audit trail"))
        is_whole = done.is_whole or bool(found)
        return Replayed(self.reference, done.events, len(self.segments), len(self.fired), is_whole, found)

    def _difference(self, event: Told | None, words: str) -> Difference:
        return Difference(self.reference, str(event or ""), words)

    def _differences(self, done: Replay, now: datetime) -> Iterator[Difference]:
        for complaint in done.complaints:
            yield self._difference(complaint.event, complaint.words)
        for key, stretch in done.stretches.items():
            yield from self._segment(stretch, self.segments.get(key), now)
        for key in self.segments.keys() - done.stretches.keys():
            one = self.segments[key]
            words = f"segment {key} ({one['kind']}, started {_shown(one['started_at'])}) stands here, and no event tells of it"
            yield self._difference(None, words)
        yield from self._levels(done)
        yield from self._ticket(done)
        yield from self._merged(done)

    def _segment(self, must: Stretch, row: dict[str, Any] | None, now: datetime) -> Iterator[Difference]:
        if row is None:
            yield self._difference(must.began, f"{must}: segment {must.segment} is not here")
            return
        for name, (words, is_of_end) in COMPARED.items():
            stands, right = row[name], getattr(must, name)
            if stands == right or _may_stand(name, stands, must, now):
                continue
            event = (must.ended or must.began) if is_of_end else must.began
            said = f"{must}: {words} is {_shown(stands)}, by the events it is {_shown(right)}"
            yield self._difference(event, said)

    def _levels(self, done: Replay) -> Iterator[Difference]:
        told = dict(done.fired.values())
        for one, event in told.items():
            if one not in self.fired:
                words = (
                    f"level {one.level} of segment {one.segment}, due at {_shown(one.scheduled_at)}, is not recorded so"
                )
                yield self._difference(event, words)
        for one in sorted(self.fired - told.keys(), key=lambda one: (one.segment, one.level)):
            words = f"level {one.level} of segment {one.segment}, due at {_shown(one.scheduled_at)}: no event tells of it so"
            yield self._difference(None, words)

    def _ticket(self, done: Replay) -> Iterator[Difference]:
        """What the ticket copies from its clocks."""
        own = done.running("FIRST", "NEXT")
        due = own.due_at if own is not None else None
        if self.clock_due_at != due:
            words = f"the ticket is due at {_shown(self.clock_due_at)}, by the events at {_shown(due)}"
            yield self._difference(None, words)
        firsts = [one for one in done.stretches.values() if one.kind == "FIRST"]
        if not firsts or firsts[-1].stopped_at is None:
            return
        outcome = "MISSED" if any(one.outcome == "MISSED" for one in firsts) else firsts[-1].outcome
        if (self.response_outcome, self.response_stopped_at) != (outcome, firsts[-1].stopped_at):
            stands = f"{self.response_outcome or 'none'} at {_shown(self.response_stopped_at)}"
            right = f"{outcome} at {_shown(firsts[-1].stopped_at)}"
            yield self._difference(
                firsts[-1].ended, f"the ticket says of the first answer: {stands}, by the events {right}"
            )

    def _merged(self, done: Replay) -> Iterator[Difference]:
        """What the ticket that goes on was told of this one's promise is what this one's own events say."""
        event = next((event for event in self.events if event.verb == "ticket.merge"), None)
        if event is None or self.absorbed is None:
            return
        by_merge = f"merged into {event.data.get('into')}"
        brought = [
            (one.started_at, one.due_at)
            for one in done.stretches.values()
            if one.ended is not None and one.reason == by_merge and one.kind != "PROPOSAL"
        ]
        taken = [
            (datetime.fromisoformat(note["since"]), datetime.fromisoformat(note["due_by"]))
            for note in self.absorbed.get(KEY, [])
            if note["did"] == "absorb"
        ]
        if brought != taken:
            words = f"its promise was due at {_due_of(brought)}, the ticket that goes on was told {_due_of(taken)}"
            yield self._difference(event, words)


def _may_stand(name: str, stands: Any, must: Stretch, now: datetime) -> bool:
    """Of a clock that runs: it is marked MISSED after its due time, whenever that is noticed; an imported one has a reason."""
    if must.stopped_at is not None:
        return False
    return name == "reason" or (name == "outcome" and stands == "MISSED" and must.due_at < now)


def _in_time(segment: dict[str, Any]) -> dict[str, Any]:
    instants = ("counted_from", "started_at", "due_at", "stopped_at")
    read = {name: datetime.fromisoformat(segment[name]) for name in instants if segment[name] is not None}
    return segment | read


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return str(value) if value not in (None, "") else "none"


def _due_of(promises: Iterable[tuple[datetime, datetime]]) -> str:
    return ", ".join(_shown(due) for _, due in promises) or "of none"
