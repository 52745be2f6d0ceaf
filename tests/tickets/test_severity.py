"""The table of severities, every row of it, and that unknown never lowers one."""

from itertools import product

import pytest

from tickets.severity import BUSINESS, SERVICE, WORKAROUND, Impact, propose


def expected(service: str, workaround: str, business: str, critical: bool) -> int:
    """The table in its plainest form, written without the code under test."""
    if service == "minor":
        return 3
    if workaround in {"no", "unknown"}:
        return 1 if business == "stopped" and critical else 2
    return 2 if business == "stopped" else 3


ANSWERS = list(product(SERVICE, WORKAROUND, BUSINESS, [True, False]))


@pytest.mark.parametrize("service, workaround, business, critical", ANSWERS)
def test_each_answer_has_its_severity(service: str, workaround: str, business: str, critical: bool) -> None:
    assert propose(Impact(service, workaround, business, critical)).severity == expected(
        service, workaround, business, critical
    )


@pytest.mark.parametrize("service, business, critical", list(product(SERVICE, BUSINESS, [True, False])))
def test_an_unknown_workaround_never_lowers(service: str, business: str, critical: bool) -> None:
    unknown = propose(Impact(service, "unknown", business, critical)).severity
    assert unknown <= propose(Impact(service, "yes", business, critical)).severity
    assert unknown == propose(Impact(service, "no", business, critical)).severity


def test_it_says_why_in_the_customers_words() -> None:
    because = propose(Impact("complete", "no", "stopped", True)).because
    assert (
        because
        == "complete loss of service, no workaround, the business has stopped, the operation is mission critical"
    )


def test_a_workaround_that_leaves_the_business_still_is_not_acceptable() -> None:
    proposal = propose(Impact("complete", "yes", "stopped", True))
    assert proposal.severity == 2
    assert "not acceptable" in proposal.because
