"""Real PostgreSQL, real processes, in folders of their own: nothing here touches the services the other tests use."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rozoom_support.local.postgres import Postgres
from rozoom_support.local.processes import end, spawn, wait_until
from rozoom_support.local.state import ROOT, State

FROM_THE_STARTER = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "EMAIL_URL",
    "FILES_DIR",
    "STATIC_ROOT",
)
PARTS = [
    "rozoom_support",
    "tenancy",
    "notifications",
    "sla",
    "contracts",
    "tickets",
    "rma",
    "templates",
    "static",
    "manage.py",
]
PARTS += ["requirements.lock", "Makefile"]


def bare_environment() -> dict[str, str]:
    """Of a person at a terminal, who knows nothing of the services these tests run beside."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in FROM_THE_STARTER and not name.startswith(("ROZOOM_", "DJANGO_", "PYTEST_"))
    }


@contextmanager
def running(postgres: Postgres) -> Iterator[subprocess.Popen[bytes]]:
    postgres.initialise()
    program = postgres.program()
    process = spawn(program, postgres.log)
    try:
        assert wait_until(lambda: postgres.ready() or process.poll() is not None, seconds=20)
        assert process.poll() is None, postgres.log.read_text()
        yield process
    finally:
        end(process, program.stop_signal, 10)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.at(tmp_path / "var")
    yield state
    forget_sockets(state)


def forget_sockets(state: State) -> None:
    """Deep folders have theirs in /tmp."""
    folder = state.socket_folder()
    if not folder.is_relative_to(state.folder):
        shutil.rmtree(folder)


@pytest.fixture
def postgres(state: State) -> Postgres:
    """As the demo runs it: what is committed is on disk."""
    return Postgres(state)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another checkout of the same product, whose `var/` is its own."""
    return copy_of_the_product(tmp_path_factory.mktemp("checkout"))


def copy_of_the_product(root: Path) -> Path:
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, root / part)
    return root


def local(checkout: Path, *arguments: str, **options: object) -> subprocess.Popen[str]:
    """`python -m rozoom_support.local …` in that checkout, with what it says on stdout."""
    return subprocess.Popen(
        [sys.executable, "-m", "rozoom_support.local", *arguments],
        cwd=checkout,
        env={**bare_environment(), **options},  # type: ignore[dict-item]
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
