"""The process that reads mail: `python -m tickets.mail.reading.child`.

One request a line on standard input: {"task": "read", "raw": path, "folder": path, …}. For each a process is forked,
which may use only so much time and memory, writes `result.json` into the folder and ends; whatever a mail does to it,
the next mail meets a fresh one. One line comes back: {} when there is a result, else {"ended": "why"}.
"""

import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Any

from tickets.mail.reading.mail import read
from tickets.mail.reading.parts import TooMuch
from tickets.mail.reading.signed import valid_domains

MEGABYTE = 1024 * 1024
MEMORY = 700 * MEGABYTE
WRITTEN = 64 * MEGABYTE  # one file
CPU_SECONDS = 20
SECONDS = 30.0
RESULT = "result.json"


def serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches whoever asked; this ends when they do
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(run(request)), flush=True)  # noqa: T201 - the answer


def run(request: dict[str, Any]) -> dict[str, str]:
    ended, alive = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ended)
        work(request)  # never comes back
    os.close(alive)
    seconds = float(request.get("seconds", SECONDS))
    if not select.select([ended], [], [], seconds)[0]:
        os.kill(pid, signal.SIGKILL)
    os.close(ended)
    status = os.waitpid(pid, 0)[1]
    if status == 0:
        return {}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        too_long = number in (signal.SIGKILL, signal.SIGXCPU)
        return {"ended": "reading it took too long" if too_long else f"reading it ended with signal {number}"}
    return {"ended": "reading it failed"}


def work(request: dict[str, Any]) -> None:
    code = 1
    try:
        bound(int(request.get("memory", MEMORY)), int(request.get("cpu", CPU_SECONDS)))
        folder = Path(request["folder"])
        unfinished = folder / f".{RESULT}"
        unfinished.write_text(json.dumps(answer(request, folder)), encoding="utf-8")
        unfinished.rename(folder / RESULT)
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}"[:500].encode("ascii", "replace").decode(), file=sys.stderr, flush=True)  # noqa: T201
    finally:
        os._exit(code)


def answer(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    path = Path(request["raw"])
    if request["task"] == "verify":
        return {"valid": valid_domains(path.read_bytes(), request["keys"], request["wanted"])}
    try:
        return read(path.read_bytes(), folder, envelope_from=request["envelope_from"])
    except TooMuch as too_much:
        return {"unreadable": str(too_much)}
    except RecursionError:
        return {"unreadable": "its parts are nested too deep"}
    except MemoryError:
        return {"unreadable": "reading it takes too much memory"}


def bound(memory: int, cpu: int) -> None:
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: WRITTEN,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (soft, soft))


if __name__ == "__main__":
    serve()
