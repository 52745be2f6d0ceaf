"""The database of each test process is a copy of one that was migrated once.

Migrating takes twenty seconds of a core, copying a fraction of one. The template stays in the cluster of this checkout
for the next run, under a name that changes with any file it could depend on.
"""

import hashlib
import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from psycopg2 import sql

from rozoom_support.local.state import ROOT, Lock

NAMES = "rozoom_template_"
PATIENCE = 300  # seconds for another process to migrate
SOURCES = ("*.py", "*.sql")
NOT_THE_PRODUCT = {".venv", "var", "tests", "bench", "docs"}


def fingerprint() -> str:
    """Of every source of the product and every installed package: migrations may use any of them."""
    seen = hashlib.sha256()
    folders = [one for one in ROOT.iterdir() if one.is_dir() and one.name not in NOT_THE_PRODUCT]
    for file in sorted(file for folder in folders for kind in SOURCES for file in folder.rglob(kind)):
        seen.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    for package in sorted(f"{one.name} {one.version}\n" for one in importlib.metadata.distributions()):
        seen.update(package.encode())
    return seen.hexdigest()[:20]


def ensure_template(folder: Path) -> str:
    """Its name. One process migrates, the others wait for it."""
    name = NAMES + fingerprint()
    lock = Lock(folder / "template.lock")
    lock.acquire(patience=PATIENCE)
    try:
        if name not in _templates():
            for old in _templates():
                _run("DROP DATABASE {}", old)
            _migrate(f"{NAMES}new")
            _run("ALTER DATABASE {} RENAME TO {}", f"{NAMES}new", name)  # so that it is there whole or not at all
    finally:
        lock.release()
    return name


def _migrate(name: str) -> None:
    wanted, database = connection.settings_dict["TEST"], connection.settings_dict["NAME"]
    with _set(wanted, "NAME", name):
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    connection.settings_dict["NAME"] = database


@contextmanager
def _set(settings: dict[str, object], name: str, value: object) -> Iterator[None]:
    before = settings[name]
    settings[name] = value
    try:
        yield
    finally:
        settings[name] = before


def _templates() -> list[str]:
    with connection.as_owner(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [NAMES])
        return [name for (name,) in cursor.fetchall()]


def _run(statement: str, *names: str) -> None:
    with connection.as_owner(), connection._nodb_cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
