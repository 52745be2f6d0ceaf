"""Everything that is checked without running the product: style, types, floors, templates, migrations."""

import subprocess
import sys
from pathlib import Path

from rozoom_support.local.state import ROOT
from rozoom_support.local.supervisor import say
from rozoom_support.local.testing import ensure_services

PYTHON = sys.executable
STEPS = {
    "ruff check": [PYTHON, "-m", "ruff", "check", "."],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "mypy": [PYTHON, "-m", "mypy"],
    "lint-imports": [str(Path(PYTHON).with_name("lint-imports"))],
    "djlint": [PYTHON, "-m", "djlint", ".", "--lint", "--quiet"],
    "makemigrations --check": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "manage.py check": [PYTHON, "manage.py", "check", "--database", "default", "--fail-level", "WARNING"],
}


def lint() -> int:
    """Runs all steps, so that one look shows all that is wrong. Exit code 1 when any failed."""
    ensure_services()
    failed = []
    for name, command in STEPS.items():
        say(f"--- {name}")
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    say(f"\nFailed: {', '.join(failed)}" if failed else "\nAll clean.")
    return 1 if failed else 0
