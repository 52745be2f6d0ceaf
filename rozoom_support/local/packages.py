"""Makes `.venv` and installs a lock file into it, once: `python3 -I packages.py requirements.lock`

Runs by path before there are any packages, so it imports nothing but the standard library. A Python that is too old
(3.6 or newer reads this file) hands over to a newer one.
"""

import fcntl
import glob
import hashlib
import importlib.util
import os
import re
import subprocess
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
BASE_LOCK = "requirements.lock"
NO_VENV = (
    "This Python can make no environment: its modules venv, ensurepip and pip are not installed. "
    "On Debian and Ubuntu: apt install python3-venv"
)


def find_new_enough_python() -> None:
    """Goes on in another Python when this one is too old."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        name = f"python3.{minor}"
        try:
            os.execvp(name, [name, "-I", os.path.abspath(__file__), *sys.argv[1:]])  # noqa: S606
        except OSError:
            continue
    needed, have = ".".join(map(str, OLDEST)), ".".join(map(str, sys.version_info[:2]))
    sys.exit(f"Python {needed} or newer is needed; this is {have}. Name one with: make PYTHON=python3.12 ...")


def stamp(lock: str) -> str:
    """Present when exactly this lock file has been installed."""
    with open(os.path.join(ROOT, lock), "rb") as file:
        return os.path.join(VENV, f"installed-{hashlib.sha256(file.read()).hexdigest()[:16]}")


def works() -> bool:
    """An environment outlives the Python it was made with."""
    if not os.path.exists(PYTHON):
        return False
    question = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.call([PYTHON, "-c", question], stderr=subprocess.DEVNULL) == 0


def make_environment() -> None:
    with_pip = importlib.util.find_spec("ensurepip") is not None
    if not with_pip and importlib.util.find_spec("pip") is None:
        sys.exit(NO_VENV)
    command = [sys.executable, "-m", "venv", "--clear", VENV]
    if subprocess.call(command if with_pip else [*command, "--without-pip"]) != 0:
        sys.exit(NO_VENV)


def install(lock: str) -> None:
    own_pip = subprocess.call([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0
    pip = [PYTHON, "-m", "pip"] if own_pip else [sys.executable, "-m", "pip", "--python", PYTHON]
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.call([*pip, "install", *options, "-r", os.path.join(ROOT, lock)]) != 0:
        sys.exit(f"The packages in {lock} could not be installed. The lines above say why.")
    for done in {lock, BASE_LOCK} if pins(BASE_LOCK) <= pins(lock) else {lock}:
        open(stamp(done), "w").close()


def name_checkout() -> None:
    """Programs of the environment, such as `.venv/bin/pytest`, find the checkout wherever they are started."""
    for folder in glob.glob(os.path.join(VENV, "lib", "python3*", "site-packages")):
        with open(os.path.join(folder, "checkout.pth"), "w", encoding="utf-8") as file:
            file.write(ROOT + "\n")


def pins(lock: str) -> "set[str]":
    with open(os.path.join(ROOT, lock), encoding="utf-8") as file:
        return set(re.findall(r"^[A-Za-z0-9._-]+==[^\s;\\]+", file.read(), re.MULTILINE))


def main() -> None:
    find_new_enough_python()
    lock = sys.argv[1]
    var = os.path.join(ROOT, "var")
    os.makedirs(var, mode=0o700, exist_ok=True)
    with open(os.path.join(var, "packages.lock"), "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # two starts at once: the second waits for the first
        usable = works()
        if usable and os.path.exists(stamp(lock)):
            name_checkout()
            return
        print(f"Installing the packages of {lock} into .venv (a minute or two, once)", flush=True)  # noqa: T201
        if not usable:
            make_environment()
        install(lock)
        name_checkout()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
