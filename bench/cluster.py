"""A PostgreSQL of a measurement's own, kept in var/NAME, with settings of its own and free to be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg2 import sql

from rozoom_support.local.bootstrap import APP, MIGRATE, connected, make_database, run
from rozoom_support.local.child import die_with_parent
from rozoom_support.local.environment import application_environment
from rozoom_support.local.launch import prepare_own_cluster
from rozoom_support.local.postgres import SUPERUSER, Postgres
from rozoom_support.local.prepare import SCHEMA_SOURCES, Done, database_stamp, digest
from rozoom_support.local.processes import (
    Program,
    clean_environment,
    end,
    end_leftovers,
    kill_group,
    remember_children,
    spawn,
    tail,
    wait_until,
)
from rozoom_support.local.state import ROOT, LocalError
from rozoom_support.local.testing import free_state

RUN = "run"  # a copy of the migrated database, made afresh for each measurement
REAL_COMMITS = {"track_commit_timestamp": "on"}


class Cluster:
    """PostgreSQL, and whatever else a measurement starts here. All of it ends with this process."""

    def __init__(self, folder: str) -> None:
        self.state, self._lock = free_state(folder)
        end_leftovers(self.state)
        self.postgres = Postgres(self.state, options=REAL_COMMITS)
        self.programs: dict[str, Program] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment: dict[str, str] = {}

    def start(self, program: Program) -> None:
        self.programs[program.name] = program
        self.running[program.name] = spawn(program, self.state.log(program.name))
        remember_children(self.state, {name: process.pid for name, process in self.running.items()})

    def start_postgres(self) -> None:
        self.start(self.postgres.program())
        process = self.running["postgres"]
        if not wait_until(lambda: self.postgres.ready() or process.poll() is not None, seconds=60):
            raise LocalError(f"PostgreSQL did not start:\n{tail(self.postgres.log)}")

    def start_again(self, name: str) -> None:
        """After its end, or in its place: nothing of what it was is left."""
        kill_group(self.running[name].pid)
        self.running[name].wait()
        self.start(self.programs[name])

    def prepare(self, redis_url: str, extra: Mapping[str, str]) -> None:
        """A database as the product's migrations make it, and the environment that leads to it."""
        self.postgres.initialise()
        self.start_postgres()
        addresses = prepare_own_cluster(self.postgres)
        migrated = {
            **clean_environment(),
            **application_environment(self.state, addresses, redis_url, {"DEMO": "1", **extra}),
        }
        done, schema = Done(self.state), digest(SCHEMA_SOURCES)
        if not done.holds("migrate", schema, database_stamp(addresses.app)):
            command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, env=migrated, check=True)
            done.note("migrate", schema, database_stamp(addresses.app))
        url = self.postgres.url(SUPERUSER, "postgres")
        with connected(url) as connection:
            run(connection, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(RUN)))
            run(
                connection, sql.SQL("CREATE DATABASE {} OWNER rozoom_owner TEMPLATE rozoom").format(sql.Identifier(RUN))
            )
            make_database(connection, url, RUN)
        self.environment = {
            **migrated,
            "DATABASE_URL": self.postgres.url(APP, RUN),
            "DATABASE_OWNER_URL": self.postgres.url(MIGRATE, RUN),
        }

    @property
    def serving(self) -> dict[str, str]:
        """Without the owner's address, as the processes of the product run."""
        return {name: value for name, value in self.environment.items() if name != "DATABASE_OWNER_URL"}

    @property
    def superuser_url(self) -> str:
        """Sees every row and when its transaction was committed."""
        return self.postgres.url(SUPERUSER, RUN)

    def stop(self) -> None:
        for name in reversed(list(self.running)):
            end(self.running[name], self.programs[name].stop_signal, self.programs[name].stop_seconds)
        self.state.path("children.json").unlink(missing_ok=True)
        self._lock.release()


@contextmanager
def own_cluster(folder: str) -> Iterator[Cluster]:
    """Ends with the process that started this one, and in order when it is told to end."""
    die_with_parent(os.getppid(), signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop()


def adopt(environment: Mapping[str, str]) -> None:
    """For Django in this process, before it is set up."""
    os.environ.update(environment)
    os.environ["LOG_LEVEL"] = "ERROR"
