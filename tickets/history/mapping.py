"""From the rows of one incident to the past of one ticket: pure, no database (docs/import-history.md says the same in words)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from sla.history import PastSegment, past_promise
from tenancy.actor import Actor
from tickets.history.reading import Incident, Problem, Row, moment
from tickets.history.recording import PastEvent
from tickets.history.routes import moves_between
from tickets.lifecycle import State, Turn
from tickets.models import Channel

STATES: dict[str, tuple[State, Turn]] = {
    "New": (State.NEW, Turn.ROZOOM),
    "Active": (State.OPEN, Turn.ROZOOM),
    # A search for the root cause is ours to do: nobody else is waited for.
    "Awaiting Problem": (State.OPEN, Turn.ROZOOM),
    "Awaiting User Info": (State.WAITING, Turn.CUSTOMER),
    "Awaiting Evidence": (State.WAITING, Turn.CUSTOMER),
    "Awaiting Vendor": (State.WAITING, Turn.SUPPLIER),
    "Resolved": (State.RESOLVED, Turn.ROZOOM),
    "Closed": (State.CLOSED, Turn.ROZOOM),
}
SEVERITIES = {"1 - Critical": 1, "2 - High": 2, "3 - Moderate": 3, "4 - Low": 3}
CHANNELS = {
    "": Channel.PHONE,
    "Phone": Channel.PHONE,
    "IVR": Channel.PHONE,
    "Email": Channel.EMAIL,
    "Self service": Channel.PORTAL,
    "Direct opening": Channel.PORTAL,
}
HOW = {
    Channel.PHONE: "Reported by phone",
    Channel.EMAIL: "Reported by e-mail",
    Channel.PORTAL: "Reported in the portal",
}
KNOWN: dict[str, Mapping[str, object]] = {"incident_state": STATES, "priority": SEVERITIES, "contact_type": CHANNELS}
TRUTH = {"TRUE": True, "FALSE": False}
NO_LOCATION = "Location not recorded"
NOBODY = "Not recorded"


@dataclass
class PastTicket:
    """Everything of one incident, ready to be written in one transaction."""

    number: str
    location: str
    caller: str
    opened_by: str
    subject: str
    description: str
    tags: list[str]
    channel: Channel
    severity: int
    severity_is_agreed: bool
    because: str
    reported_at: datetime
    updated_at: datetime
    promise: list[PastSegment]
    made_its_target: bool | None
    state: str = State.NEW
    turn: str = Turn.ROZOOM
    group: str = ""
    assignee: str = ""
    assigned_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    resolution: str = ""
    groups: set[str] = field(default_factory=set)  # that ever had it
    workers: set[tuple[str, str]] = field(default_factory=set)  # (group, resolver) pairs that ever had it
    events: list[PastEvent] = field(default_factory=list)


def past_ticket(incident: Incident, *, now: datetime) -> PastTicket | None:
    """What to write for this incident, or None when it can not be used; `incident.problems` says why."""
    _check(incident)
    if not incident.is_usable or not incident.rows:
        return None
    times = _times_in_order(incident)
    first, last = incident.rows[0], incident.rows[-1]
    ticket = PastTicket(
        number=incident.number,
        location=_last(incident, "location") or NO_LOCATION,
        caller=_last(incident, "caller_id"),
        opened_by=_last(incident, "opened_by"),
        subject=_subject(incident),
        description=_description(incident),
        tags=_tags(incident),
        channel=CHANNELS[first["contact_type"]],
        severity=SEVERITIES[last["priority"]],
        severity_is_agreed=last["u_priority_confirmation"] == "TRUE",
        because=_because(last),
        reported_at=first.opened_at,
        updated_at=times[-1],
        promise=_promise(incident, times, now),
        made_its_target=TRUTH.get(last["made_sla"]),
    )
    _replay(ticket, incident, times)
    return ticket


def _desk(name: str) -> Actor:
    """Somebody of the old desk, known by a name only."""
    return Actor(kind="person", party="operator", name=name or NOBODY)


def _check(incident: Incident) -> None:
    """Find what can not be used, and what can be mended. A value is questioned once, at the line where it appears."""

    def problem(row: Row, column: str, reason: str, mended: str = "") -> None:
        incident.problems.append(Problem(row.line, incident.number, column, reason, mended))

    for row in incident.rows:
        for column, known in KNOWN.items():
            if row[column] not in known:
                listed = ", ".join(name for name in known if name)
                problem(row, column, f"'{row[column] or '?'}' is unknown. Known are: {listed}.")
    for column in ("caller_id", "opened_at"):
        values = [row for row in incident.rows if row[column]]
        for before, row in pairwise(values):
            if row[column] != before[column]:
                problem(row, column, f"'{row[column]}' here, '{before[column]}' above: whose incident is this?")
    places = [row for row in incident.rows if row["location"]]
    for before, row in pairwise(places):
        if row["location"] != before["location"]:
            reason = f"'{row['location']}' here, '{before['location']}' above."
            problem(row, "location", reason, f"the last one counts: {places[-1]['location']}")


def _times_in_order(incident: Incident) -> list[datetime]:
    """The instants of the rows. One that runs backwards is moved forward, never back: that can not flatter our answer."""
    times: list[datetime] = []
    earliest, what = incident.rows[0].opened_at, "the incident was opened"
    for row in incident.rows:
        at = max(row.updated_at, earliest)
        if at != row.updated_at:
            reason = f"{row['sys_updated_at']} is before {what}."
            incident.problems.append(
                Problem(row.line, incident.number, "sys_updated_at", reason, f"taken as {at:%d-%m-%Y %H:%M}")
            )
        times.append(at)
        earliest, what = at, "the row above"
    return times


def _last(incident: Incident, column: str) -> str:
    """The last value that was known: what the desk settled on."""
    return next((row[column] for row in reversed(incident.rows) if row[column]), "")


def _promise(incident: Incident, times: list[datetime], now: datetime) -> list[PastSegment]:
    """The first row whose state is not New is the nearest thing to a first answer the file has."""
    changes: list[tuple[datetime, int]] = []
    answered_at = None
    for row, at in zip(incident.rows, times, strict=True):
        if STATES[row["incident_state"]][0] != State.NEW:
            answered_at = at
            break
        changes.append((at, SEVERITIES[row["priority"]]))
    return past_promise(
        counted_from=incident.rows[0].opened_at,
        severity=SEVERITIES[incident.rows[0]["priority"]],
        changes=changes,
        answered_at=answered_at,
        now=now,
    )


def _replay(ticket: PastTicket, incident: Incident, times: list[datetime]) -> None:
    """Play the rows in their order onto the ticket and remember what each one did."""
    severity = SEVERITIES[incident.rows[0]["priority"]]
    ticket.events.append(_filed(ticket, incident.rows[0], severity))
    for row, at in zip(incident.rows, times, strict=True):
        by = _desk(row["sys_updated_by"])
        if SEVERITIES[row["priority"]] != severity:
            was, severity = severity, SEVERITIES[row["priority"]]
            ticket.events.append(PastEvent(at, by, "ticket.severity", {"was": was, "to": severity}))
        ticket.events += _hand_over(ticket, row, at, by)
        ticket.events += _move(ticket, incident, row, at, by)
    if ticket.state in (State.RESOLVED, State.CLOSED):
        ticket.resolved_at = _own_time(incident, "resolved_at", ticket.resolved_at)
    if ticket.state == State.CLOSED:
        ticket.closed_at = _own_time(incident, "closed_at", ticket.closed_at)


def _filed(ticket: PastTicket, row: Row, severity: int) -> PastEvent:
    data = {
        "severity": severity,
        "because": ticket.because,
        "due_at": ticket.promise[0].due_at,
        "channel": ticket.channel,
        "imported": ticket.number,
        "impact": row["impact"],
        "urgency": row["urgency"],
        "priority": row["priority"],
    }
    return PastEvent(ticket.reported_at, _desk(ticket.opened_by), "ticket.filed", data)


def _hand_over(ticket: PastTicket, row: Row, at: datetime, by: Actor) -> Iterator[PastEvent]:
    group, assignee = row["assignment_group"], row["assigned_to"]
    if (group, assignee) == (ticket.group, ticket.assignee):
        return
    was, to = ticket.assignee or ticket.group, assignee or group
    if was == to:
        was, to = ticket.group, group
    if assignee != ticket.assignee:
        ticket.assigned_at = at if assignee else None
    ticket.group, ticket.assignee = group, assignee
    if group:
        ticket.groups.add(group)
    if group and assignee:
        ticket.workers.add((group, assignee))
    yield PastEvent(at, by, "ticket.assigned", {"was": was, "to": to, "team": group})


def _move(ticket: PastTicket, incident: Incident, row: Row, at: datetime, by: Actor) -> Iterator[PastEvent]:
    state, turn = STATES[row["incident_state"]]
    if state == State.NEW and ticket.state != State.NEW:
        reason = "The state goes back to New, which a ticket can not."
        mended = f"it stays {State(ticket.state).label}"
        incident.problems.append(Problem(row.line, incident.number, "incident_state", reason, mended))
        return
    for move, target in moves_between(ticket.state, state, another_turn=turn != ticket.turn):
        was, ticket.state = ticket.state, target
        data: dict[str, Any] = {"was": was, "to": target}
        if target == State.WAITING:
            data["turn"] = turn
        if move == "resolve":
            ticket.resolved_at, ticket.resolution = at, _resolution(incident)
            data["resolution"] = ticket.resolution
        elif move == "close":
            ticket.closed_at = at
        elif move == "reopen":
            ticket.resolved_at = ticket.closed_at = None
            ticket.resolution = ""
        yield PastEvent(at, by, f"ticket.{move}", data)
    ticket.turn = turn


def _own_time(incident: Incident, column: str, otherwise: datetime | None) -> datetime | None:
    """The file's own time of solving or closing, where it lies inside the incident; else that of the row that says so."""
    given = moment(_last(incident, column))
    inside = given is not None and incident.rows[0].opened_at <= given <= max(row.updated_at for row in incident.rows)
    return given if inside else otherwise


def _subject(incident: Incident) -> str:
    """Symptom 72: Category 55, Subcategory 170"""
    where = ", ".join(value for name in ("category", "subcategory") if (value := _last(incident, name)))
    symptom = _last(incident, "u_symptom") or "Problem"
    return f"{symptom}: {where}"[:200] if where else symptom


def _description(incident: Incident) -> str:
    labels = {
        "Symptom": "u_symptom",
        "Category": "category",
        "Subcategory": "subcategory",
        "Configuration item": "cmdb_ci",
        "Impact": "impact",
        "Urgency": "urgency",
        "Priority": "priority",
        "Problem record": "problem_id",
        "Change request": "rfc",
    }
    facts = [f"- {label}: {value}" for label, name in labels.items() if (value := _last(incident, name))]
    told, recorded = HOW[CHANNELS[incident.rows[0]["contact_type"]]], _last(incident, "opened_by")
    told += f", recorded by {recorded.removeprefix('Opened by ')}." if recorded else "."
    origin = f"This is incident {incident.number} of the system used before."
    return "\n".join([told, "", *facts, "", origin])


def _tags(incident: Incident) -> list[str]:
    """Words for filters, at most 40 characters each."""
    names = ("category", "subcategory", "u_symptom", "cmdb_ci", "problem_id")
    found = [_last(incident, name).lower().replace(" ", "-").replace("_", "-")[:40] for name in names]
    return ["imported", *dict.fromkeys(tag for tag in found if tag)]


def _because(row: Row) -> str:
    told = f"impact {row['impact'] or 'unknown'}, urgency {row['urgency'] or 'unknown'}"
    return f"imported with priority {row['priority']} ({told})"


def _resolution(incident: Incident) -> str:
    by, code = _last(incident, "resolved_by"), _last(incident, "closed_code")
    words = [f"Solved by {by.removeprefix('Resolved by ')}" if by else "Solved", f"closing {code}" if code else ""]
    return ", ".join(word for word in words if word) + "."
