"""The promise as domain.md tells it, in plain Python that knows nothing of the product. One object is one ticket."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
TARGET = {1: HOUR, 2: 4 * HOUR, 3: 24 * HOUR}
AGAIN = {1: HOUR / 2, 2: 2 * HOUR, 3: 12 * HOUR}
OPEN_STATES = ("NEW", "OPEN", "WAITING")
DAY = timedelta(days=1)


@dataclass
class Stretch:
    kind: str
    severity: int
    counted_from: datetime
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None = None
    outcome: str = "RUNNING"
    fired: set[int] = field(default_factory=set)

    def levels(self) -> dict[int, datetime]:
        way = max(self.due_at - self.started_at, timedelta())
        ends = self.started_at + way
        instants = [self.started_at + way * 0.5, self.started_at + way * 0.75, ends]
        instants += [ends + AGAIN[self.severity] * n for n in range(1, 9)]
        return dict(enumerate(instants, start=1))

    def look(self, at: datetime) -> None:
        """A sweeper comes by."""
        self.fired |= {level for level, instant in self.levels().items() if instant <= at}
        if self.due_at < at:
            self.outcome = "MISSED"

    def end(self, at: datetime, outcome: str) -> None:
        self.look(at)
        self.stopped_at = at
        if self.outcome != "MISSED":
            self.outcome = outcome

    def as_row(self) -> tuple[object, ...]:
        return (
            self.kind,
            self.severity,
            self.counted_from,
            self.started_at,
            self.due_at,
            self.stopped_at,
            self.outcome,
            frozenset(self.fired),
        )


@dataclass
class Asked:
    to: int
    by: str
    expires_at: datetime
    agreed: set[str]


@dataclass
class Promise:
    """`parties`: whose agreement a severity takes."""

    severity: int
    reported_at: datetime
    parties: frozenset[str]
    state: str = "NEW"
    is_agreed: bool = False
    ended_at: datetime | None = None
    stretches: list[Stretch] = field(default_factory=list)
    asked: Asked | None = None

    def __post_init__(self) -> None:
        self._start("FIRST", self.severity, self.reported_at)

    def _start(self, kind: str, severity: int, at: datetime, due: datetime | None = None) -> None:
        usual = at + TARGET[severity]
        self.stretches.append(Stretch(kind, severity, at, at, min(usual, due) if due else usual))

    @property
    def own(self) -> Stretch | None:
        return next((one for one in self.stretches if one.stopped_at is None and one.kind != "PROPOSAL"), None)

    @property
    def of_proposal(self) -> Stretch | None:
        return next((one for one in self.stretches if one.stopped_at is None and one.kind == "PROPOSAL"), None)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def first_outcome(self) -> str:
        firsts = [one for one in self.stretches if one.kind == "FIRST"]
        if firsts[-1].stopped_at is None:
            return ""
        return "MISSED" if any(one.outcome == "MISSED" for one in firsts) else firsts[-1].outcome

    # deeds ------------------------------------------------------------------------------------------------------------

    def may_write(self, at: datetime) -> bool:
        if self.state in ("MERGED", "WITHDRAWN"):
            return False
        return self.is_open or (self.ended_at is not None and at - self.ended_at < 14 * DAY)

    def staff_replies(self, at: datetime) -> None:
        if self.own:
            self.own.end(at, "MET")
        if self.state == "NEW":
            self.state = "OPEN"

    def customer_writes(self, at: datetime) -> None:
        if not self.is_open:
            self.state = "OPEN"
        if self.own is None:
            self._start("NEXT", self.severity, at)

    def solved_by_staff(self, at: datetime) -> None:
        self._finish("RESOLVED", at)

    def solved_by_customer(self, at: datetime) -> None:
        if self.own:
            self.own.end(at, "CANCELLED")
        self._finish("RESOLVED", at)

    def withdrawn(self, at: datetime) -> None:
        if self.own:
            self.own.end(at, "CANCELLED")
        self._finish("WITHDRAWN", at)

    def _finish(self, state: str, at: datetime) -> None:
        self.state, self.ended_at = state, at
        self._drop_asked(at)

    def merged_into(self, other: "Promise", at: datetime) -> None:
        mine = self.own
        if mine:
            mine.end(at, "CANCELLED")
            theirs = other.own
            if theirs is None:
                other._start("NEXT", self.severity, mine.started_at, mine.due_at)
            elif mine.due_at < theirs.due_at:
                theirs.end(at, "SUPERSEDED")
                other.stretches.append(Stretch(theirs.kind, theirs.severity, theirs.counted_from, at, mine.due_at))
        self._finish("MERGED", at)

    # severity ---------------------------------------------------------------------------------------------------------

    def may_propose(self, party: str, to: int, at: datetime) -> bool:
        waits = self.asked is not None and at < self.asked.expires_at
        again = waits and self.asked is not None and self.asked.to == to and self.asked.by == party
        return self.is_open and party in self.parties and not again and not (to == self.severity and self.is_agreed)

    def proposed(self, party: str, to: int, at: datetime) -> None:
        self._drop_asked(at)
        self.asked = Asked(to, party, at + DAY, {party})
        if party != "operator":
            self._start("PROPOSAL", to, at)
        self._settle(at)

    def may_answer(self, party: str, at: datetime) -> bool:
        asked = self.asked
        return asked is not None and self.is_open and at < asked.expires_at and party not in asked.agreed

    def answered(self, party: str, agrees: bool, at: datetime) -> None:
        assert self.asked
        if party == "operator" and self.of_proposal:
            self.of_proposal.end(at, "MET")
        if agrees:
            self.asked.agreed.add(party)
            self._settle(at)
        else:
            self._drop_asked(at)

    def taken_back(self, at: datetime) -> None:
        self._drop_asked(at)

    def expired(self) -> None:
        """As of the instant it expired, however late somebody noticed."""
        assert self.asked
        clock, at = self.of_proposal, self.asked.expires_at
        if clock:
            late = clock.due_at + timedelta(microseconds=1)
            clock.end(max(at, late) if clock.outcome == "MISSED" else at, "CANCELLED")
        self.asked = None

    def _drop_asked(self, at: datetime) -> None:
        if self.of_proposal:
            self.of_proposal.end(at, "CANCELLED")
        self.asked = None

    def _settle(self, at: datetime) -> None:
        assert self.asked
        if self.parties - self.asked.agreed:
            return
        was, to = self.severity, self.asked.to
        self.severity, self.is_agreed = to, True
        old = self.own
        if old and to not in (was, old.severity):  # one carried over by a merge may run at another severity already
            raised = to < old.severity
            old.end(at, "SUPERSEDED")
            due = min(old.due_at, at + TARGET[to]) if raised else max(old.due_at, old.counted_from + TARGET[to])
            self.stretches.append(Stretch(old.kind, to, old.counted_from, at, due))
        self._drop_asked(at)
