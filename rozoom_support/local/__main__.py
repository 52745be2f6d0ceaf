"""`python -m rozoom_support.local COMMAND`: the local services and everything that needs them."""

import argparse
import os
import signal
import sys
from collections.abc import Callable

from rozoom_support.local.bootstrap import prepare_production
from rozoom_support.local.child import die_with_parent
from rozoom_support.local.launch import launch, launch_services
from rozoom_support.local.lint import lint
from rozoom_support.local.processes import send, wait_until
from rozoom_support.local.state import ROOT, LocalError, Lock, State
from rozoom_support.local.supervisor import Stopped, say
from rozoom_support.local.testing import run_with_services


def demo(arguments: list[str]) -> int:
    """everything, with sample data"""
    launch(_var(), sample_data=True)
    return 0


def run(arguments: list[str]) -> int:
    """everything, without sample data"""
    launch(_var(), sample_data=False)
    return 0


def services(arguments: list[str]) -> int:
    """PostgreSQL and Redis alone, which manage.py of this checkout then finds"""
    launch_services(_var())
    return 0


def stop(arguments: list[str]) -> int:
    """stop what runs in this checkout"""
    state = _var()
    lock = Lock(state.lock_file)
    holder = lock.holder()
    if holder is None:
        say("nothing runs in this checkout")
        return 0
    pid = int(holder.get("pid", 0))
    if pid > 0:
        send(pid, signal.SIGTERM)
    if not wait_until(lambda: lock.holder() is None, seconds=60, pause=0.1):
        raise LocalError(f"pid {pid} does not stop; its logs are in {state.path('log')}")
    say(f"stopped (pid {pid})")
    return 0


def test(arguments: list[str]) -> int:
    """pytest beside services of its own; further arguments are pytest's"""
    command = [sys.executable, "-m", "pytest", *arguments]
    return run_with_services(command, folder="test", for_tests=True)


def beside(arguments: list[str]) -> int:
    """FOLDER COMMAND...: another command beside services of its own, kept in var/FOLDER"""
    if len(arguments) < 2 or not arguments[0].isidentifier():
        raise LocalError("Say the folder in var/ and the command, such as: with bench python -m bench")
    return run_with_services(arguments[1:], folder=arguments[0], for_tests=False)


def check(arguments: list[str]) -> int:
    """style, types, floors, templates, migrations"""
    return lint()


def roles(arguments: list[str]) -> int:
    """before a deployment: roles and database, made with DATABASE_ADMIN_URL"""
    prepare_production(os.environ)
    say("roles and database are ready")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo,
    "run": run,
    "services": services,
    "stop": stop,
    "test": test,
    "lint": check,
    "with": beside,
    "roles": roles,
}


def _var() -> State:
    return State.at(ROOT / "var")


def main(arguments: list[str]) -> int:
    known = "\n".join(f"  {name:9} {command.__doc__}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m rozoom_support.local", epilog=known, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--with-parent", action="store_true", help="stop when the process that started this one ends")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if options.with_parent:
        die_with_parent(os.getppid(), signal.SIGTERM)
    try:
        return COMMANDS[options.command](options.arguments)
    except Stopped:
        return 0
    except LocalError as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
