"""A database of its own for each measurement, made and dropped through the owner's login."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django


def prepare() -> None:
    """Django as the product runs it, without the rate limits that would stop a measurement."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rozoom_support.settings")
    os.environ.setdefault("SECRET_KEY", "bench-only-" + "x" * 50)
    os.environ.setdefault("BASE_URL", "http://localhost:8000")
    os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:1025")
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["DATABASE_TIMEOUTS"] = "-c statement_timeout=0 -c lock_timeout=0"
    os.environ["ROZOOM_TESTING"] = "1"  # test databases may be made, no cache outside this process
    django.setup()


@contextmanager
def own_database(name: str) -> Iterator[None]:
    from django.db import connection  # Django must be set up first

    connection.settings_dict["TEST"]["NAME"] = f"bench_{name}_{os.getpid()}"
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.close()
        connection.creation.destroy_test_db(before, verbosity=0)


def switch(name: str) -> None:
    """What this process asks from now on. Another database needs another connection."""
    from django.db import connection  # Django must be set up first

    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.settings_dict["NAME"] = name


@contextmanager
def copied_database() -> Iterator[tuple[str, str]]:
    """The names of the database that is asked now and of a copy of it, which ends with the block."""
    from django.db import connection

    before = str(connection.settings_dict["NAME"])
    copy = f"{before}_copy"
    _as_owner_elsewhere(f'CREATE DATABASE "{copy}" TEMPLATE "{before}"')
    try:
        yield before, copy
    finally:
        switch(before)
        _as_owner_elsewhere(f'DROP DATABASE "{copy}"')


def _as_owner_elsewhere(statement: str) -> None:
    """While nobody is connected to what is copied or dropped."""
    from django.db import connection

    before = str(connection.settings_dict["NAME"])
    switch("postgres")
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute(statement)
    switch(before)
