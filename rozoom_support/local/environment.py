"""The environment of the application's processes, and how `manage.py` finds it beside running services."""

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from rozoom_support.local.bootstrap import Addresses
from rozoom_support.local.state import ROOT, LocalError, Lock, State, read_json, write_json

NOTHING_RUNS = (
    'No database: DATABASE_URL is not set and nothing runs in this checkout. Start it with "make demo", '
    'or "make services" for PostgreSQL and Redis alone.'
)


def application_environment(
    state: State, addresses: Addresses, redis_url: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """What rozoom_support.settings reads. The owner's address is for commands, not for the processes that serve."""
    return {
        "DJANGO_SETTINGS_MODULE": "rozoom_support.settings",
        "SECRET_KEY": os.environ.get("SECRET_KEY") or state.secret_key(),
        "DATABASE_URL": addresses.app,
        "DATABASE_OWNER_URL": addresses.owner,
        "REDIS_URL": redis_url,
        "FILES_DIR": os.environ.get("FILES_DIR") or str(state.subfolder("files")),
        "STATIC_ROOT": str(state.path("static")),
        **extra,
    }


def without_owner(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != "DATABASE_OWNER_URL"}


def load_for_commands(environment: MutableMapping[str, str], folder: Path = ROOT / "var") -> None:
    """For manage.py without DATABASE_URL: the address of what runs in this checkout."""
    state = State(folder)
    if Lock(state.lock_file).holder() is None or not (known := read_json(state.environment_file)):
        raise LocalError(NOTHING_RUNS)
    for name, value in known.items():
        environment.setdefault(name, value)


def publish(state: State, environment: Mapping[str, str]) -> None:
    write_json(state.environment_file, dict(environment))
