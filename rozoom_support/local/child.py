"""Becomes another program that dies with its parent, if asked as a user without rights.

Run by path, alone, before the packages are in reach: `python -I -S child.py [options] -- program arguments`.
A small program of its own because what it does must happen between fork and exec, where Python promises nothing.
"""

import argparse
import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534
REFUSED = 97  # exit code: this system refuses user namespaces


def die_with_parent(parent: int, signal_number: int) -> None:
    """Linux sends the signal when the thread that started us ends. It may have ended before we asked."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        sys.exit(0)


def enter_user_namespace() -> None:
    """PostgreSQL refuses to run as root. Here root is called nobody, while files stay root's."""
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        sys.exit(REFUSED)
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")
    except OSError:
        sys.exit(REFUSED)


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--as", dest="as_whom", choices=["self", "namespace", "nobody"], default="self")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.as_whom == "namespace":
        enter_user_namespace()
    elif options.as_whom == "nobody":
        become_nobody()
    die_with_parent(options.parent, options.death_signal)  # after the change of user, which would undo it
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    command = options.command[1:]
    os.execvp(command[0], command)  # noqa: S606 - the point of this program


if __name__ == "__main__":
    main()
