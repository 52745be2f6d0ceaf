"""What the local services of one checkout keep in `var/`: who runs, secrets, addresses."""

import hashlib
import json
import os
import re
import secrets
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.platform != "win32":
    import fcntl

ROOT = Path(__file__).resolve().parents[2]

# A Unix socket path may have 107 bytes on Linux and 103 on macOS; `/postgres/.s.PGSQL.5432` is the longest we add.
LONGEST_SOCKET_FOLDER = 100 - len("/postgres/.s.PGSQL.5432")
SAFE_IN_A_URL = re.compile(r"[A-Za-z0-9_./-]+")


class LocalError(Exception):
    """A sentence for the person at the terminal, who needs no traceback."""


@dataclass(frozen=True)
class State:
    """The folder of one set of services: `var/` for the demo, `var/test` for the tests."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "State":
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        state = cls(folder.resolve())
        if state.folder.stat().st_mode & 0o066:
            state.folder.chmod(0o700)
        return state

    def path(self, *parts: str) -> Path:
        return self.folder.joinpath(*parts)

    def subfolder(self, *parts: str) -> Path:
        folder = self.path(*parts)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def log(self, name: str) -> Path:
        return self.subfolder("log") / f"{name}.log"

    @property
    def environment_file(self) -> Path:
        return self.path("local.env.json")

    @property
    def lock_file(self) -> Path:
        return self.path("lock")

    def secret_key(self) -> str:
        """Made on first use, then the same for ever: sessions outlive a restart."""
        file = self.path("secret_key")
        if not file.exists() or len(file.read_text().strip()) < 50:
            write_private(file, secrets.token_urlsafe(64))
        return file.read_text().strip()

    def socket_folder(self) -> Path:
        """Where sockets go: beside the data, or in /tmp when the path is too long or would need quoting in an URL."""
        beside = self.path("run")
        if len(os.fsencode(beside)) <= LONGEST_SOCKET_FOLDER and SAFE_IN_A_URL.fullmatch(str(beside)):
            return self.subfolder("run")
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return _own_folder(Path(f"/tmp/rozoom-{os.getuid()}-{digest}"))  # noqa: S108 - looked at before use


def _own_folder(folder: Path) -> Path:
    """Anybody may write to /tmp, so a folder found there must be ours and closed to others."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise LocalError(
                f"{folder} belongs to somebody else or is open to others. Remove it and start again."
            ) from None
    return folder


def write_private(file: Path, text: str) -> None:
    """Whole or not at all, and readable by the owner only."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(file: Path, value: object) -> None:
    write_private(file, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(file: Path) -> Any:
    """The value kept in the file, or None when there is none or it cannot be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


class Lock:
    """One set of services per folder. The file says who holds it; the kernel frees it when that process dies."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._handle: int | None = None

    def acquire(self, *, patience: float = 1.5) -> None:
        """Takes the lock, waiting a moment for a look by somebody else, and longer for services that are stopping."""
        if sys.platform == "win32":
            raise LocalError("The local services run on Linux and macOS. Set DATABASE_URL and REDIS_URL.")
        started = time.monotonic()
        while not self.try_acquire():
            holder = self.holder() or {}
            stopping = holder.get("status") == "stopping"
            if time.monotonic() - started > (30 if stopping else patience):
                raise LocalError(f"already running (pid {holder.get('pid', 'unknown')}), stop it with make stop")
            time.sleep(0.1)

    def try_acquire(self) -> bool:
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._handle = handle
        self.note("starting")
        return True

    def note(self, status: str) -> None:
        if self._handle is None:
            return
        text = json.dumps({"pid": os.getpid(), "status": status}).encode()
        os.pwrite(self._handle, text, 0)
        os.ftruncate(self._handle, len(text))

    def holder(self) -> dict[str, Any] | None:
        """Who runs here: {pid, status}, or None when nobody does."""
        if sys.platform == "win32" or not self.file.exists():
            return None
        handle = os.open(self.file, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return read_json(self.file) or {}
        finally:
            os.close(handle)
        return None

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
