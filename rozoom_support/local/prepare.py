"""What a start has to do before the processes run, and how it knows that an earlier start has done it already."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import psycopg2

from rozoom_support.local.bootstrap import connected, one
from rozoom_support.local.state import ROOT, State, read_json, write_json

APPS = ["tenancy", "notifications", "sla", "contracts", "tickets", "rma", "rozoom_support"]
# What `migrate` does depends on these: migrations, and the grants it applies afterwards.
SCHEMA_SOURCES = [
    "requirements.lock",
    "rozoom_support/settings.py",
    "tenancy/**/*.py",
    "tenancy/roles.sql",
    *(f"{app}/migrations/*.py" for app in APPS),
    *(f"{app}/apps.py" for app in APPS),
]
STATIC_SOURCES = [
    "requirements.lock",
    "rozoom_support/settings.py",
    "static/**/*",
    *(f"{app}/**/static/**/*" for app in APPS),
]
SAMPLE_SOURCES = ["rozoom_support/management/commands/*.py", "rozoom_support/sample/**/*", "tickets/history/*.py"]

# Which database this is and what has been applied to it. A database made anew has another number.
STAMP = """
SELECT md5(concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                     (SELECT oid FROM pg_database WHERE datname = current_database()),
                     (SELECT string_agg(app || '.' || name, ',' ORDER BY app, name) FROM django_migrations)))"""


def digest(patterns: Iterable[str], root: Path = ROOT) -> str:
    """Of the names and contents of all files that match."""
    found = hashlib.sha256()
    files = {file for pattern in patterns for file in root.glob(pattern) if file.is_file()}
    for file in sorted(file for file in files if "__pycache__" not in file.parts):
        found.update(str(file.relative_to(root)).encode())
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def database_stamp(url: str) -> str | None:
    """None when nothing has been migrated."""
    try:
        with connected(url) as connection:
            return str(one(connection, STAMP))
    except psycopg2.Error:
        return None


class Done:
    """Notes in the state folder of what was done to which sources."""

    def __init__(self, state: State) -> None:
        self.file = state.path("done.json")
        self.notes: dict[str, list[str | None]] = read_json(self.file) or {}

    def holds(self, name: str, *marks: str | None) -> bool:
        return None not in marks and self.notes.get(name) == list(marks)

    def note(self, name: str, *marks: str | None) -> None:
        self.notes[name] = list(marks)
        write_json(self.file, self.notes)
