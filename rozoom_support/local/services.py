"""The application's own processes: what is started, with which arguments."""

import os
import socket
import sys
from collections.abc import Mapping

from rozoom_support.local.ports import port_of
from rozoom_support.local.processes import Program
from rozoom_support.local.state import State

MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes its files there with names nobody can guess
QUEUES = "sla,mail,webhooks,imports,default"


def web(environment: Mapping[str, str], listener: socket.socket) -> Program:
    command = [sys.executable, "-m", "gunicorn", "rozoom_support.wsgi:application"]
    # The socket stays ours: while gunicorn is started again, people wait instead of being turned away.
    command += ["--bind", f"fd://{listener.fileno()}", "--no-control-socket", "--worker-class", "gthread"]
    command += ["--workers", "2", "--threads", "4", "--timeout", "60", "--graceful-timeout", "5"]
    if os.access(MEMORY, os.W_OK):
        command += ["--worker-tmp-dir", MEMORY]  # the heartbeat must not wait for a disk
    return Program("web", command, environment, stop_seconds=8, pass_fds=(listener.fileno(),))


def worker(environment: Mapping[str, str]) -> Program:
    command = [sys.executable, "-m", "celery", "-A", "rozoom_support", "worker", "--pool", "prefork"]
    # Two for mail, one for events, one for webhooks; the last one is for the promises (docs/adr/0009).
    command += ["--concurrency", "5", "--queues", QUEUES, "--loglevel", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Program("worker", command, environment, stop_seconds=12)


def beat(environment: Mapping[str, str]) -> Program:
    command = [sys.executable, "-m", "celery", "-A", "rozoom_support", "beat", "--pidfile=", "--loglevel", "WARNING"]
    return Program("beat", command, environment, stop_seconds=5)


def watch(environment: Mapping[str, str]) -> Program:
    return Program("watch", [sys.executable, "manage.py", "watch"], environment, stop_seconds=5)


def mail(environment: Mapping[str, str], state: State, smtp: socket.socket, http: socket.socket) -> Program:
    command = [sys.executable, "-m", "rozoom_support.local.mailcatcher", "--folder", str(state.subfolder("mail"))]
    command += ["--smtp-fd", str(smtp.fileno()), "--http-fd", str(http.fileno())]
    return Program("mail", command, environment, stop_seconds=5, pass_fds=(smtp.fileno(), http.fileno()))


def mail_in(environment: Mapping[str, str], listener: socket.socket) -> Program:
    """The door for mail to the support address. The socket stays ours, so that no mail is turned away by a new start."""
    command = [sys.executable, "manage.py", "mail_listener", "--fd", str(listener.fileno())]
    return Program("mail-in", command, environment, stop_seconds=8, pass_fds=(listener.fileno(),))


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{port_of(listener)}"
