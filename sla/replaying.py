"""The promises of one ticket, worked out anew from the events of its audit chain alone (docs/promise.md, "Working it out again").

The rules are those of sla/clock.py, in Python: the functions of the database that wrote the segments have no part in it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sla.clock import KIND_WORDS, due_after_change, due_at
from sla.notes import KEY, Note

OWN = ("FIRST", "NEXT")
# After these no promise of the ticket itself runs any more; after those none about a proposal.
ENDS_OWN = {"ticket.resolve", "ticket.withdraw", "ticket.merge", "ticket.refused"}
ENDS_PROPOSAL = {f"severity.{how}" for how in ("agreed", "objected", "withdrawn", "replaced", "expired", "ended")}
ROUNDING = timedelta(microseconds=1)  # the database computes parts of a target in floating point


@dataclass(frozen=True)
class Told:
    """One event of the chain, oldest first."""

    seq: int
    at: datetime
    verb: str
    party: str
    by_person: bool
    data: dict[str, Any]

    def __str__(self) -> str:
        return f"event {self.seq} ({self.verb})"


@dataclass
class Stretch:
    """One segment as it must be. `outcome` of one that runs is MISSED once an event shows that this was noticed."""

    segment: int
    kind: str
    severity: int
    counted_from: datetime
    started_at: datetime
    due_at: datetime
    began: Told
    stopped_at: datetime | None = None
    outcome: str = "RUNNING"
    reason: str = ""
    ended: Told | None = None

    def end(self, at: datetime, outcome: str, reason: str, event: Told) -> None:
        self.stopped_at, self.reason, self.ended = at, reason, event
        self.outcome = "MISSED" if self.due_at < at else outcome

    def __str__(self) -> str:
        return f"{KIND_WORDS.get(self.kind, self.kind)} from {self.started_at.isoformat(' ')}"


@dataclass(frozen=True)
class Fired:
    """One level of one segment, as its event tells it."""

    segment: int
    level: int
    scheduled_at: datetime
    fired_at: datetime


@dataclass(frozen=True)
class Complaint:
    """What can not be right, whatever the tables say."""

    event: Told
    words: str


@dataclass
class Replay:
    stretches: dict[int, Stretch] = field(default_factory=dict)
    fired: dict[tuple[int, int], tuple[Fired, Told]] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    events: int = 0
    is_whole: bool = False  # told from the report on; else it was recorded before events told of clocks

    def running(self, *kinds: str) -> Stretch | None:
        return next((one for one in self.stretches.values() if one.stopped_at is None and one.kind in kinds), None)

    def play(self, event: Told) -> None:
        self.events += 1
        notes = event.data.get(KEY)
        self.is_whole = self.is_whole or (event.verb == "ticket.filed" and notes is not None)
        try:
            for note in notes or []:
                self._deed(event, note)
            if event.verb == "sla.escalated":
                self._escalated(event)
        except (AttributeError, KeyError, TypeError, ValueError):
            self._complain(event, "what it says of clocks can not be read")
            return
        self._expect(event)

    def _complain(self, event: Told, words: str) -> None:
        self.complaints.append(Complaint(event, words))

    # What a deed did ------------------------------------------------------------------------------------------------------

    def _deed(self, event: Told, note: Note) -> None:
        deeds: dict[str, Callable[[Told, Note], None]] = {
            "past": self._past,
            "start": self._start,
            "end": self._end,
            "change": self._change,
            "absorb": self._absorb,
        }
        deeds[note["did"]](event, note)

    def _past(self, event: Told, note: Note) -> None:
        self.is_whole = True

    def _start(self, event: Told, note: Note) -> None:
        at, severity = datetime.fromisoformat(note["at"]), note["severity"]
        self._begin(Stretch(note["segment"], note["kind"], severity, at, at, due_at(severity, at), event))

    def _begin(self, stretch: Stretch) -> None:
        kinds = OWN if stretch.kind in OWN else (stretch.kind,)
        if (other := self.running(*kinds)) is not None:
            self._complain(stretch.began, f"{stretch} started while another ran: {other}")
        if stretch.segment in self.stretches:
            self._complain(stretch.began, f"{stretch} has the key of {self.stretches[stretch.segment]}")
        self.stretches[stretch.segment] = stretch

    def _end(self, event: Told, note: Note) -> None:
        stretch = self._running(event, note["segment"])
        if stretch is not None:
            how = "MET" if note["answered"] else "CANCELLED"
            stretch.end(datetime.fromisoformat(note["at"]), how, note["reason"], event)

    def _running(self, event: Told, key: int) -> Stretch | None:
        stretch = self.stretches.get(key)
        if stretch is None or stretch.stopped_at is not None:
            self._complain(event, f"it tells of segment {key}, which did not run")
            return None
        return stretch

    def _change(self, event: Told, note: Note) -> None:
        old = self._running(event, note["segment"])
        if old is None or not self._moves(event, note, old.severity != note["severity"]):
            return
        due = due_after_change(
            old_severity=old.severity,
            new_severity=note["severity"],
            old_due_at=old.due_at,
            counted_from=old.counted_from,
            now=datetime.fromisoformat(note["at"]),
        )
        self._replace(event, note, old, note["severity"], due)

    def _absorb(self, event: Told, note: Note) -> None:
        """Merging never makes a promise later: the earlier of both due times counts, or the merged one alone."""
        since, due = datetime.fromisoformat(note["since"]), datetime.fromisoformat(note["due_by"])
        old = self.running(*OWN)
        if old is not None:
            if self._moves(event, note, due < old.due_at):
                self._replace(event, note, old, old.severity, due)
            return
        due = min(due, due_at(note["severity"], since))
        self._begin(Stretch(note["became"], "NEXT", note["severity"], since, since, due, event))

    def _moves(self, event: Told, note: Note, must: bool) -> bool:
        did = "became" in note
        if must and not did:
            self._complain(event, "by the rules the promise had to change here, and it did not")
        if did and not must:
            self._complain(event, "the promise changed here, and by the rules it had to stay")
        return must and did

    def _replace(self, event: Told, note: Note, old: Stretch, severity: int, due: datetime) -> None:
        old.end(datetime.fromisoformat(note["stopped_at"]), "SUPERSEDED", note["reason"], event)
        at = datetime.fromisoformat(note["at"])
        self._begin(Stretch(note["became"], old.kind, severity, old.counted_from, at, due, event))

    # What the sweeper did -------------------------------------------------------------------------------------------------

    def _escalated(self, event: Told) -> None:
        data = event.data
        one = Fired(
            data["segment"],
            data["level"],
            datetime.fromisoformat(data["scheduled_at"]),
            datetime.fromisoformat(data["detected_at"]),
        )
        if (one.segment, one.level) in self.fired:
            self._complain(event, f"level {one.level} of segment {one.segment} fired twice")
        self.fired[one.segment, one.level] = one, event
        stretch = self.stretches.get(one.segment)
        if stretch is None:
            if self.is_whole:
                self._complain(event, f"level {one.level} fired on segment {one.segment}, which no event tells of")
            return
        if stretch.stopped_at is not None:
            self._complain(event, f"level {one.level} fired after its clock had stopped: {stretch}")
        said = (data["kind"], data["severity"], datetime.fromisoformat(data["due_at"]))
        if said != (stretch.kind, stretch.severity, stretch.due_at):
            self._complain(event, f"level {one.level} fired for another promise than {stretch}")
        self._check_instant(event, one, stretch)
        if stretch.due_at < one.fired_at:
            stretch.outcome = "MISSED"

    def _check_instant(self, event: Told, one: Fired, stretch: Stretch) -> None:
        if one.fired_at < one.scheduled_at:
            self._complain(event, f"level {one.level} fired before its time")
        if "after" not in event.data:
            return  # written before an event said where its level stood
        way = max(stretch.due_at - stretch.started_at, timedelta())
        at = stretch.started_at + way * event.data["percent"] / 100 + timedelta(seconds=event.data["after"])
        if event.data.get("counts_from"):
            at = max(at, datetime.fromisoformat(event.data["counts_from"]))
        if abs(at - one.scheduled_at) > ROUNDING:
            wrong, right = one.scheduled_at.isoformat(" "), at.isoformat(" ")
            self._complain(event, f"level {one.level} was due at {right}, the event says {wrong}")

    # What must be true after an event, whatever it says of clocks --------------------------------------------------------

    def _expect(self, event: Told) -> None:
        if not self.is_whole:
            return
        own, proposal = self.running(*OWN), self.running("PROPOSAL")
        answered = event.verb == "message.public" and event.party == "operator" and event.by_person
        if own is not None and (answered or event.verb in ENDS_OWN):
            self._complain(event, f"it ends the promise, which went on: {own}")
        if proposal is not None and event.verb in ENDS_PROPOSAL:
            self._complain(event, f"it ends the proposal, whose clock went on: {proposal}")
        if event.verb == "severity.agreed" and own is not None and event.data.get("was") != event.data.get("to"):
            self._expect_severity(event, own)
        if event.verb == "ticket.filed" and event.data.get("covered") is True:
            self._expect_first(event, own)

    def _expect_severity(self, event: Told, own: Stretch) -> None:
        if own.severity != event.data.get("to"):
            self._complain(event, f"severity {event.data.get('to')} was agreed, the clock runs with {own.severity}")

    def _expect_first(self, event: Told, own: Stretch | None) -> None:
        promised = (own.kind, own.severity, own.counted_from) if own is not None else None
        if promised != ("FIRST", event.data.get("severity"), event.at):
            self._complain(event, "a covered report promises a first answer from that moment on, and none began")


def replay(events: Iterable[Told]) -> Replay:
    done = Replay()
    for event in events:
        done.play(event)
    return done
