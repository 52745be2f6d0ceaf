"""The compose file cannot be run in a test; what can go wrong in it unseen is checked here."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from rozoom_support.local.services import QUEUES
from rozoom_support.local.state import ROOT
from tenancy.api.docs import GUIDE

SERVING = ["web", "worker", "beat", "watch", "mail-in"]
# Read by the launcher's `roles` alone.
NOT_SETTINGS = {"DATABASE_ADMIN_URL"}
# Set by the launcher, the tests and the measurements.
NOT_FOR_PEOPLE = {"DATABASE_TIMEOUTS", "MAIL_CATCHER_URL", "ROZOOM_TESTING", "TEST_DATABASE_NAME"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_no_secret_has_a_default(compose: dict[str, Any]):
    for service in compose.values():
        for name, value in service.get("environment", {}).items():
            for secret, default in re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)(\S)", value):
                assert default == ":", f"{name} uses {secret} without asking for it"
            if "PASSWORD" in name or name.endswith("KEY"):
                assert value.startswith("${"), f"{name} is written into the file"


@pytest.mark.parametrize("name", SERVING)
def test_what_serves_does_not_know_how_to_become_the_owner(compose: dict[str, Any], name: str):
    assert not {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"} & set(compose[name]["environment"])
    assert "rozoom_app:" in compose[name]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("name", SERVING)
def test_what_serves_starts_after_the_migrations(compose: dict[str, Any], name: str):
    assert compose[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_every_name_given_is_one_the_settings_read(compose: dict[str, Any]):
    settings = (ROOT / "rozoom_support" / "settings.py").read_text()
    given = {name for service in ("migrate", *SERVING) for name in compose[service]["environment"]} - NOT_SETTINGS
    assert {name for name in given if f'"{name}"' not in settings} == set()


def test_every_setting_is_explained_and_every_needed_one_given(compose: dict[str, Any]):
    settings = (ROOT / "rozoom_support" / "settings.py").read_text()
    read = set(re.findall(r"""(?:env|env_bool|os\.environ\.get)\(\s*"([A-Z_]+)\"""", settings))
    rows = (ROOT / "docs" / "operations.md").read_text().splitlines()
    explained = {
        name: row for row in rows if row.startswith("| `") for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])
    }
    assert read - explained.keys() == NOT_FOR_PEOPLE
    needed = {name for name, row in explained.items() if row.split("|")[2].strip().startswith("needed")}
    assert {"SECRET_KEY", "REDIS_URL", "MAIL_FROM", "SUPPORT_EMAIL"} <= needed
    for name in SERVING:
        assert needed - compose[name]["environment"].keys() == set()


def test_the_worker_serves_the_same_queues_here_and_there(compose: dict[str, Any]):
    assert QUEUES in compose["worker"]["command"]
    assert QUEUES in (ROOT / "docs" / "operations.md").read_text()


def test_the_image_runs_as_nobody_in_particular():
    assert re.search(r"^USER (?!root|0)\w+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def left_out_of_the_image(file: Path) -> bool:
    """As Docker reads .dockerignore: the last line that names the file or a folder above it decides."""
    name = file.relative_to(ROOT)
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if any(fnmatch(str(part), pattern) for part in (name, *name.parents)):
            out = not line.startswith("!")
    return out


def test_what_the_pages_read_is_in_the_image():
    assert not left_out_of_the_image(GUIDE)
    assert not left_out_of_the_image(ROOT / "tenancy" / "roles.sql")
    assert left_out_of_the_image(ROOT / "docs" / "architecture.md")
    assert left_out_of_the_image(ROOT / ".env")
