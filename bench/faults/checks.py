"""Whether everything came out right, reckoned again from the rules alone. Each finding is a sentence."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from bench.faults.deeds import Diary
from bench.faults.ledger import Delivery, Event, Ledger, Segment
from bench.faults.town import RUNGS, TARGETS, Town

TOLD = {rung.level: rung.told for rung in RUNGS}
TICK = timedelta(microseconds=1)  # the database reckons in seconds as float8


def instants(segment: Segment) -> dict[int, datetime]:
    way = max(segment.due_at - segment.started_at, timedelta())  # a change may come when it is overdue already
    return {rung.level: segment.started_at + way * rung.percent / 100 + timedelta(seconds=rung.after) for rung in RUNGS}


def due_after(old: Segment, severity: int, at: datetime) -> datetime:
    target = timedelta(seconds=TARGETS[severity])
    if severity < old.severity:
        return min(old.due_at, at + target)
    return max(old.due_at, old.counted_from + target)


def clocks(ledger: Ledger, diary: Diary, until: datetime) -> Iterator[str]:
    """Every stretch of every promise; `until` is an instant up to which everything due was seen to be fired."""
    of_ticket = ledger.of_ticket()
    if lost := diary.started.keys() - of_ticket.keys():
        yield f"the promises of tickets {sorted(lost)[:5]} were started and are not there"
    for ticket_id, chain in of_ticket.items():
        first = chain[0]
        if ticket_id in diary.started and first.started_at != diary.started[ticket_id]:
            yield f"the promise of ticket {ticket_id} started at {first.started_at}, not {diary.started[ticket_id]}"
        if first.due_at != first.started_at + timedelta(seconds=TARGETS[first.severity]):
            yield f"segment {first.id} is due at {first.due_at}, started {first.started_at}"
        for old, new in pairwise(chain):
            if new.started_at != old.stopped_at or new.due_at != due_after(old, new.severity, new.started_at):
                yield f"segment {new.id} does not follow from segment {old.id}"
        for segment in chain:
            if finding := _outcome(segment, until):
                yield f"segment {segment.id}: {finding}"


def _outcome(segment: Segment, until: datetime) -> str:
    if segment.stopped_at is None:
        late = segment.due_at < until
        return "" if segment.outcome == "MISSED" or not late else f"is overdue and {segment.outcome}"
    expected = "MISSED" if segment.stopped_at > segment.due_at else "SUPERSEDED" if segment.reason else "MET"
    return "" if segment.outcome == expected else f"is {segment.outcome}, not {expected}"


def answers(ledger: Ledger, diary: Diary) -> Iterator[str]:
    """What somebody knows to be answered is, at an instant between asking and knowing."""
    last = {segment.ticket_id: segment for segment in ledger.segments}
    for answered in diary.answered:
        segment = last.get(answered.ticket_id)
        stopped = segment.stopped_at if segment and not segment.reason else None
        if stopped is None or not answered.began_at <= stopped <= answered.known_at:
            yield f"ticket {answered.ticket_id} was answered until {answered.known_at}, its clock says {stopped}"


def levels(ledger: Ledger, until: datetime) -> Iterator[str]:
    """Each due level has exactly one escalation, none early, none after the stop."""
    of_segment = ledger.of_segment()
    for segment in ledger.segments:
        fired = of_segment.get(segment.id, [])
        times = Counter(one.level for one in fired)
        if set(times) != set(segment.fired):
            yield f"segment {segment.id} remembers {segment.fired}, fired were {sorted(times)}"
        end = segment.stopped_at or until
        at = instants(segment)
        for level, instant in at.items():
            if times[level] != 1 and instant <= end - TICK:
                yield f"level {level} of segment {segment.id}, due {instant}, fired {times[level]} times"
            if times[level] and segment.stopped_at is not None and instant > end + TICK:
                yield f"level {level} of segment {segment.id} fired, due {instant} after the stop at {end}"
        for one in fired:
            if abs(one.scheduled_at - at[one.level]) > TICK or one.fired_at < one.scheduled_at:
                yield f"level {one.level} of segment {segment.id} says {one.scheduled_at}, fired at {one.fired_at}"
            if segment.stopped_at is not None and one.committed_at > segment.written_at:
                yield f"level {one.level} of segment {segment.id} was fired after its stop was committed"
        if segment.stopped_at is None and (finding := _next(segment, at, set(times))):
            yield finding


def _next(segment: Segment, at: dict[int, datetime], fired: set[int]) -> str:
    waiting = [instant for level, instant in at.items() if level not in fired]
    if segment.outcome == "RUNNING":
        waiting.append(segment.due_at + TICK)
    expected = min(waiting, default=None)
    found = segment.next_action_at
    is_right = found == expected or (found and expected and abs(found - expected) <= TICK)
    return "" if is_right else f"segment {segment.id} looks again at {found}, not {expected}"


def records(ledger: Ledger) -> Iterator[str]:
    """One event and one entry in the audit trail for each level that fired, and for nothing else."""
    fired = Counter((one.segment_id, one.level) for one in ledger.escalations)
    told = Counter((one.segment_id or 0, one.level or 0) for one in ledger.events if one.topic == "sla.escalated")
    for name, found in (("event", told), ("audit entry", Counter(ledger.audited))):
        if found != fired:
            yield f"{name}: {sum((fired - found).values())} missing, {sum((found - fired).values())} too many"


def told(ledger: Ledger, town: Town) -> Iterator[str]:
    """Whoever had to be told was: one mail each for whom a level or an answer concerns. What became of it: arrivals.py."""
    segments = {segment.id: segment for segment in ledger.segments}
    of_event, wanted = ledger.of_event(), _wanted(ledger)
    for event in ledger.events:
        if event.state != "HANDLED":
            yield f"event {event.id} is {event.state}"
        elif event.topic == "sla.escalated":
            if segment := segments.get(event.segment_id or 0):  # without one it is no record of a level, and said there
                who = wanted.get((segment.id, event.level or 0), ())
                addresses = Counter(town.addresses[segment.reseller_id, one] for one in who)
                yield from _of_a_level(event, segment, of_event.get(event.id, []), ledger.notices, addresses)
        else:
            readers = town.readers[event.customer_id] if event.topic == "message.added" else ()
            if (found := Counter(one.recipient for one in of_event.get(event.id, []))) != Counter(readers):
                yield f"event {event.id} {event.topic} has mails for {dict(found)}, not for {readers}"


def _wanted(ledger: Ledger) -> dict[tuple[int, int], list[str]]:
    """Who is told of which level of which segment: of levels that fired together only the highest that concerns somebody."""
    found: dict[tuple[int, int], list[str]] = {}
    for segment_id, fired in ledger.of_segment().items():
        hear: dict[datetime, set[str]] = defaultdict(set)
        for one in sorted(fired, key=lambda one: (one.scheduled_at, one.level), reverse=True):
            found[segment_id, one.level] = [who for who in TOLD[one.level] if who not in hear[one.fired_at]]
            hear[one.fired_at].update(TOLD[one.level])
    return found


def _of_a_level(
    event: Event, segment: Segment, found: list[Delivery], notices: dict[int, list[str]], wanted: Counter[str]
) -> Iterator[str]:
    stopped = segment.stopped_at
    recipients = Counter(one.recipient for one in found)
    if recipients != wanted and not (not found and stopped and stopped <= event.written_at):
        yield f"event {event.id} told {dict(recipients)}, not {dict(wanted)}; its clock stopped at {stopped}"
    if len(notices.get(event.id, ())) != len(found):
        yield f"event {event.id} made {len(found)} mails and {len(notices.get(event.id, ()))} notices"
    for one in found:
        if one.state == "DROPPED" and not (stopped and stopped <= one.written_at):
            yield f"mail {one.id} was dropped while its clock ran"
