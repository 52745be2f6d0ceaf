"""What the pages of a report propose, and that the ticket gets just that."""

from itertools import product

import pytest

from tests.portal.walking import (
    IMPACT_1,
    answered,
    begun,
    form_on,
    text_of,
    the_ticket,
)
from tests.world import World
from tickets.severity import Impact, propose

ANSWERS = (["complete", "severe", "minor"], ["yes", "no", "unknown"], ["normal", "degraded", "stopped"], ["yes", "no"])


def test_the_page_proposes_what_the_table_says_for_every_answer(world: World) -> None:
    client = world.client("ilse")
    at = answered(client)
    within = {1: "1 hour", 2: "4 hours", 3: "24 hours"}
    seen = set()
    for service, workaround, business, mission in product(*ANSWERS):
        answers = {"service": service, "workaround": workaround, "business": business, "mission_critical": mission}
        expected = propose(Impact(service, workaround, business, mission == "yes"))
        partial = client.get(f"{at}impact/proposal/", answers, headers={"HX-Request": "true"})
        said = text_of(partial)
        assert f"Severity {expected.severity} —" in said, answers
        assert f"First answer within {within[expected.severity]}, by" in said
        assert expected.because in said
        assert f"Severity {expected.severity}. First answer within" in said, "spoken in the live region"
        seen.add(expected.severity)
    assert seen == {1, 2, 3}


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_the_check_page_proposes_what_the_ticket_gets(world: World, severity: int) -> None:
    impacts = {
        1: IMPACT_1,
        2: {**IMPACT_1, "mission_critical": "no"},
        3: {**IMPACT_1, "service": "minor"},
    }
    client = world.client("ilse")
    at = answered(client, **impacts[severity])
    assert f"Severity {severity} —" in text_of(client.get(f"{at}check/"))
    client.post(f"{at}check/")
    assert the_ticket().severity == severity


def test_a_proposal_without_all_answers_stays_empty(world: World) -> None:
    client = world.client("ilse")
    at = begun(client)
    answer = client.get(f"{at}impact/proposal/", {"service": "complete"}, headers={"HX-Request": "true"})
    assert text_of(answer) == ""
    assert client.get(f"{at}impact/proposal/", IMPACT_1)["Location"] == f"{at}impact/"


def test_doubt_about_the_severity_is_filed_with_the_ticket(world: World) -> None:
    client = world.client("ilse")
    at = answered(client)
    client.post(f"{at}check/", {"severity_doubt": "The whole street waits"})
    filed = the_ticket()
    assert (filed.severity, filed.severity_doubt) == (1, "The whole street waits")
    assert "The whole street waits" in text_of(client.get(f"/tickets/{filed.reference}/"))


def test_a_doubt_that_is_too_long_is_kept_and_refused(world: World) -> None:
    client = world.client("ilse")
    at = answered(client)
    answer = client.post(f"{at}check/", {"severity_doubt": "x" * 2001})
    assert answer.status_code == 422
    assert "Shorten this to 2000 characters" in text_of(answer)
    assert len(form_on(client.get(f"{at}check/"))["fields"]["severity_doubt"].strip()) == 2001
