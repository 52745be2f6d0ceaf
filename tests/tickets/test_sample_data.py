"""The world of the demo: who can sign in, what stands on the desk, and that a second start changes nothing."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from rozoom_support.sample import cast
from tenancy.context import Context, as_login_role, work_unit
from tenancy.models import ApiToken, Organisation, Person
from tenancy.services.customers import found_operator
from tests.sla.promises import ensure_ladder
from tests.tickets.event_log import counts
from tests.world import STAFF

WORKER = Context("worker")


@pytest.fixture
def demo(db: None, settings: Any, tmp_path: Path) -> Path:
    """Where the command writes; in demo mode."""
    ensure_ladder()
    settings.DEMO = True
    return tmp_path / "sample.json"


def make(path: Path) -> dict[str, Any]:
    call_command("sample_data", output=path, stdout=StringIO())
    return dict(json.loads(path.read_text()))


def test_it_runs_in_a_demo_only(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="Set DEMO=1"):
        make(tmp_path / "sample.json")
    assert not (tmp_path / "sample.json").exists()
    with work_unit(STAFF):
        assert not Organisation.objects.exists()


def test_a_second_start_changes_nothing(demo: Path) -> None:
    first = make(demo)
    before = counts()
    assert make(demo) == first
    assert counts() == before


def test_without_the_old_file_the_new_one_works_as_well(demo: Path) -> None:
    make(demo)
    demo.unlink()
    told = make(demo)
    with work_unit(STAFF), as_login_role():
        person = Person.objects.get(email=told["people"][0]["email"])
        assert person.check_password(told["people"][0]["password"])
        assert ApiToken.objects.filter(revoked_at__isnull=True).count() == 2 * len(cast.TOKENS)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"people": [{"email": "x"}], "tokens": [{}]}'])
def test_a_broken_file_is_written_anew(demo: Path, content: str) -> None:
    demo.write_text(content)
    assert len(make(demo)["people"]) == len(cast.PEOPLE)


def test_no_password_or_token_is_the_same_in_two_demos(demo: Path, tmp_path: Path) -> None:
    first = make(demo)
    second = make(tmp_path / "other.json")
    passwords = [{person["password"] for person in told["people"]} for told in (first, second)]
    assert not passwords[0] & passwords[1]
    assert min(map(len, passwords[0])) >= 12
    assert not {token["token"] for token in first["tokens"]} & {token["token"] for token in second["tokens"]}


def test_an_operator_that_exists_already_is_used(demo: Path) -> None:
    with work_unit(STAFF):
        found_operator(name="roZoom Ltd", code="RZ")
    told = make(demo)
    assert {"RZ"} == {person["organisation"] for person in told["people"]} - {one.code for one in cast.ORGANISATIONS}
    assert {"RZ"} == {token["organisation"] for token in told["tokens"]} - {one.code for one in cast.ORGANISATIONS}
