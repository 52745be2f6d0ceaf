"""Reading an event log of incidents: is it the format of docs/import-history.md, and which rows can be used."""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

COLUMNS = (
    "number",
    "incident_state",
    "made_sla",
    "caller_id",
    "opened_by",
    "opened_at",
    "sys_updated_by",
    "sys_updated_at",
    "contact_type",
    "location",
    "category",
    "subcategory",
    "u_symptom",
    "cmdb_ci",
    "impact",
    "urgency",
    "priority",
    "assignment_group",
    "assigned_to",
    "u_priority_confirmation",
    "problem_id",
    "rfc",
    "closed_code",
    "resolved_by",
    "resolved_at",
    "closed_at",
)
SEPARATORS = (",", ";", "\t")
UNKNOWN = "?"
TIME_FORMAT = "%d-%m-%Y %H:%M"
LONGEST_VALUE = 80


class NotReadable(Exception):
    """The file as a whole can not be used; nothing was imported from it."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in the file. `mended`: what was imported instead; empty when the incident was left out."""

    line: int
    incident: str
    column: str
    reason: str
    mended: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the file. `values` has every column of COLUMNS; unknown is the empty text."""

    line: int
    values: dict[str, str]
    opened_at: datetime
    updated_at: datetime

    def __getitem__(self, column: str) -> str:
        return self.values[column]


@dataclass
class Incident:
    """The rows of one number, in the order of the file, with what is wrong about them so far."""

    number: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_usable(self) -> bool:
        return all(problem.mended for problem in self.problems)


@dataclass(frozen=True)
class EventLog:
    rows: int
    incidents: list[Incident]
    problems: list[Problem]  # of lines that belong to no incident


def read_event_log(path: Path, *, until: datetime | None = None) -> EventLog:
    """Read and check the whole file. With `until`, as it stood at that instant. Raises NotReadable."""
    text = _decoded(path)
    separator, header = _header(text, path.name)
    found: dict[str, Incident] = {}
    problems: list[Problem] = []
    rows = 0
    for line, cells in _lines(text, separator):
        rows += 1
        number = _number(cells, header)
        if not number:
            problems.append(Problem(line, "", "number", "The incident number is missing or longer than 80 characters."))
            continue
        incident = found.setdefault(number, Incident(number))
        row = _row(line, cells, header, incident)
        if row is not None and (until is None or row.updated_at <= until):
            incident.rows.append(row)
    incidents = [incident for incident in found.values() if incident.rows or incident.problems]
    return EventLog(rows, incidents, problems)


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path} can not be read: {error.strerror}.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotReadable(
            f"{path.name} is not UTF-8 (line {line}). Save it as CSV in UTF-8 and start again."
        ) from error
    if not text.strip():
        raise NotReadable(f"{path.name} is empty.")
    return text


def _header(text: str, name: str) -> tuple[str, dict[str, int]]:
    """The separator that gives most of the columns, and where each of them stands."""
    first = text.lstrip("\r\n").splitlines()[0]
    tried = {
        separator: [cell.strip() for cell in next(csv.reader([first], delimiter=separator))] for separator in SEPARATORS
    }
    separator = max(tried, key=lambda one: len(set(tried[one]) & set(COLUMNS)))
    names = tried[separator]
    missing = [column for column in COLUMNS if column not in names]
    if len(missing) == len(COLUMNS):
        raise NotReadable(
            f"{name} has no header we know. Its first line must name these columns: {', '.join(COLUMNS)}."
        )
    if missing:
        raise NotReadable(f"{name} lacks {_counted(len(missing), 'column')}: {', '.join(missing)}.")
    doubled = sorted({column for column in COLUMNS if names.count(column) > 1})
    if doubled:
        raise NotReadable(f"{name} has more than one column named {', '.join(doubled)}.")
    return separator, {column: names.index(column) for column in names}


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each row after the header with the line it begins on. Empty lines are no rows."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    header_seen = False
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header_seen:
                yield line, cells
            header_seen = True
    except csv.Error as error:
        raise NotReadable(f"Line {reader.line_num} is not CSV: {error}.") from error


def _number(cells: list[str], header: dict[str, int]) -> str:
    place = header["number"]
    number = cells[place].strip() if place < len(cells) else ""
    usable = number != UNKNOWN and len(number) <= LONGEST_VALUE and number.isprintable()
    return sys.intern(number) if usable else ""


def _row(line: int, cells: list[str], header: dict[str, int], incident: Incident) -> Row | None:
    """The row, or None with its problems added to the incident."""

    def bad(column: str, reason: str) -> None:
        incident.problems.append(Problem(line, incident.number, column, reason))

    if len(cells) != len(header):
        bad("", f"The row has {_counted(len(cells), 'column')}, the header has {len(header)}.")
        return None
    values = {}
    for column in COLUMNS:
        value = " ".join(cells[header[column]].split())
        values[column] = sys.intern("" if value == UNKNOWN else value)
        if len(value) > LONGEST_VALUE:
            bad(column, f"The value is longer than {LONGEST_VALUE} characters.")
        elif not value.isprintable():
            bad(column, "The value has characters that can not be shown.")
    times = {}
    for column in ("opened_at", "sys_updated_at"):
        times[column] = moment(values[column])
        if times[column] is None:
            bad(column, f"'{values[column] or UNKNOWN}' is not a time such as 29-02-2016 01:16.")
    for column in ("resolved_at", "closed_at"):
        if values[column] and moment(values[column]) is None:
            bad(column, f"'{values[column]}' is not a time such as 29-02-2016 01:16.")
    opened_at, updated_at = times["opened_at"], times["sys_updated_at"]
    if opened_at is None or updated_at is None:
        return None
    return Row(line, values, opened_at, updated_at)


def moment(value: str) -> datetime | None:
    """Day-month-year hour:minute, taken as UTC. None when it is not a time."""
    try:
        return datetime.strptime(value, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
