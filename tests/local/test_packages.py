"""The first thing `make` does, with a lock file that names nothing: no network is needed to see what it decides."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rozoom_support.local import packages

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that holds no more than this step reads."""
    root = tmp_path_factory.mktemp("bare")
    (root / "rozoom_support" / "local").mkdir(parents=True)
    shutil.copy(packages.__file__, root / "rozoom_support" / "local" / "packages.py")
    (root / "requirements.lock").write_text("# nothing\n")
    (root / "requirements-dev.lock").write_text("# nothing\n# more\n")
    return root


def prepare(root: Path, lock: str = "requirements.lock") -> str:
    script = root / "rozoom_support" / "local" / "packages.py"
    done = subprocess.run([sys.executable, "-I", str(script), lock], capture_output=True, text=True, check=True)
    return done.stdout


def test_packages_are_installed_once_and_again_only_when_the_lock_changes(bare: Path):
    assert prepare(bare, "requirements-dev.lock").startswith("Installing the packages of requirements-dev.lock")
    # What is needed to run is among what is needed to develop.
    assert prepare(bare) == ""
    (bare / "requirements.lock").write_text("# changed\n")
    assert prepare(bare).startswith("Installing the packages of requirements.lock")
    assert prepare(bare) == ""


def test_an_environment_whose_python_is_gone_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    python = tmp_path / "python"
    monkeypatch.setattr(packages, "PYTHON", str(python))
    assert not packages.works()
    python.symlink_to("/nowhere/python")
    assert not packages.works()
    python.unlink()
    python.symlink_to(sys.executable)
    assert packages.works()
