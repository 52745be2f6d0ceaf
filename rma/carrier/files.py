"""A carrier's reports as a CSV file."""

import re
from datetime import UTC, datetime
from typing import IO

from contracts.imports import cells, reading
from contracts.imports.kinds import Column, Kind
from contracts.imports.reading import NotReadable, Problem
from rma.services import Report
from rma.services.carrying import CODES

MOST_ROWS = 1000
MOST_BYTES = 1024 * 1024
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)


def _instant(value: str) -> str:
    if not INSTANT.fullmatch(value):
        raise ValueError("This is no instant with its zone, such as 2026-11-23T14:05:00+01:00.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC).isoformat()
    except ValueError:
        raise ValueError("There is no such instant.") from None


def _code(value: str) -> str:
    code = value.upper().replace(" ", "_")
    if code not in CODES:
        raise ValueError(f"This code is not known. Known are {', '.join(CODES)}.")
    return code


COLUMNS = Kind(
    "CARRIER",
    "Reports of a carrier",
    "carrier:report",
    (
        Column("carrier", "carrier", cells.code(40), "such as UPS, as on the label"),
        Column("tracking_number", "tracking_number", cells.text(60), "as on the label; spaces do not matter"),
        Column("code", "code", _code, ", ".join(CODES)),
        Column("at", "at", _instant, "instant with its zone, such as 2026-11-23T14:05:00+01:00"),
        Column("place", "place", cells.text(120), "where it was reported", needed=False),
        Column("text", "text", cells.text(300), "what the carrier writes, such as who signed", needed=False),
        Column("event_id", "event_id", cells.text(120), "the carrier's own number of the report", needed=False),
    ),
    lambda values: iter(()),
    (
        ("UPS", "1Z999AA10123456784", "SCAN", "2026-11-23T17:40:00-06:00", "Chicago", "", "e-1"),
        ("UPS", "1Z999AA10123456784", "DELIVERED", "2026-11-24T09:12:00+01:00", "Ghent", "Signed: Peeters", "e-2"),
    ),
)


def read(file: IO[bytes]) -> tuple[list[tuple[int, Report]], list[Problem]]:
    """Good rows with their line in the file, and what is wrong with the others. Raises NotReadable for the whole file."""
    reading.check_bytes(file)
    reports: list[tuple[int, Report]] = []
    problems: list[Problem] = []
    for row in reading.read(file, COLUMNS):
        if len(reports) + len(problems) >= MOST_ROWS:
            raise NotReadable(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        if row.problems:
            problems += row.problems
            continue
        values = row.values
        reports.append((row.line, _report(values)))
    return reports, problems


def _report(values: dict[str, str]) -> Report:
    return Report(
        carrier=values["carrier"],
        tracking_number=values["tracking_number"],
        code=values["code"],
        at=datetime.fromisoformat(values["at"]),
        place=values.get("place", ""),
        text=values.get("text", ""),
        id=values.get("event_id", ""),
    )
