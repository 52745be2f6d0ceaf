"""The desk sees what was decided about cover, promises an answer all the same, or takes a promise back."""

from typing import Any

import pytest

from tenancy.context import database_now, work_unit
from tests.contracts.deals import STAFF, ago, implemented
from tests.desk.reading import fresh, hidden, listed, text
from tests.portal.walking import IMPACT_1, PROBLEM, follow, send, text_of
from tests.world import World, ticket
from tickets.models import Ticket


@pytest.fixture
def filed(world: World) -> Ticket:
    """A ticket that nobody covers."""
    with work_unit(STAFF):
        now = database_now()
    return ticket(world, component=implemented(world.components["acme"], ago(now, 500)))


def url(filed: Ticket, more: str = "") -> str:
    return f"/desk/tickets/{filed.reference}/{more}"


def decide(world: World, filed: Ticket, by: str, reason: str, **more: str) -> Any:
    client = world.client(by)
    form = text(client.get(url(filed, "coverage/")))
    sent = {"version": hidden(form, "version"), "form_token": hidden(form, "form_token"), "reason": reason, **more}
    return client.post(url(filed, "coverage/"), sent)


def test_the_page_says_why_and_what_to_do(world: World, filed: Ticket) -> None:
    page = text_of(world.client("marek").get(url(filed)))
    assert "Not covered The 90 free days ended" in page
    assert "No response promise" in page
    assert "What the customer can do for later problems Order a support agreement for it." in page
    assert "Rule S4." in page
    assert "Promise an answer…" in page


def test_a_reseller_reads_it_without_rules_and_buttons(world: World, filed: Ticket) -> None:
    client = world.client("dirk")
    page = text_of(client.get(url(filed)))
    assert "Not covered The 90 free days ended" in page
    assert "Rule S4" not in page
    assert "Promise an answer" not in page
    assert client.get(url(filed, "coverage/")).status_code == 404
    assert client.post(url(filed, "coverage/"), {"reason": "x", "version": "1"}).status_code == 404
    assert "What was known" not in text_of(client.get(url(filed, "why/")))


def test_staff_see_the_facts_and_the_trail(world: World, filed: Ticket) -> None:
    decide(world, filed, "marek", "You helped us last time.")
    page = text_of(world.client("marek").get(url(filed, "why/")))
    assert "Rule s4 of set 1: uncovered" in page
    assert "Marek Test decided covered: “You helped us last time.” (rule S4 of set 1: uncovered)" in page
    assert "Implemented on" in page
    assert "A first answer within 4 hours of the moment roZoom promised it" in page


def test_an_agent_promises_an_answer_with_a_reason(world: World, filed: Ticket) -> None:
    answer = decide(world, filed, "marek", "You helped us last time.")
    assert answer["Location"] == url(filed)
    after = fresh(filed)
    assert (after.covered, after.response_outcome) == (True, "RUNNING")
    page = text_of(world.client("marek").get(url(filed)))
    assert "Not covered, answer promised roZoom promised an answer all the same: “You helped us last time.”" in page
    assert "Promise an answer…" not in page


@pytest.mark.parametrize(
    ("reason", "words"), [("", "Say in a few words why"), ("x" * 401, "Shorten the reason to 400")]
)
def test_a_wrong_reason_is_said_at_its_field_and_kept(world: World, filed: Ticket, reason: str, words: str) -> None:
    answer = decide(world, filed, "marek", reason)
    assert answer.status_code == 422
    assert words in text(answer)
    assert "<title>Error: " in text(answer).replace("\n", "")
    assert reason in text(answer)
    assert not fresh(filed).covered


def test_a_stale_page_changes_nothing_and_keeps_the_words(world: World, filed: Ticket) -> None:
    answer = decide(world, filed, "marek", "You helped us.", version="99")
    assert answer.status_code == 409
    assert "You helped us." in text(answer)
    assert not fresh(filed).covered


def test_who_is_second_sees_that_it_was_done(world: World, filed: Ticket) -> None:
    client = world.client("rita")
    form = text(client.get(url(filed, "coverage/")))
    decide(world, filed, "marek", "You helped us.")
    sent = {"version": hidden(form, "version"), "form_token": hidden(form, "form_token"), "reason": "Mine."}
    assert client.post(url(filed, "coverage/"), sent).status_code == 409
    assert fresh(filed).coverage["override"] == "You helped us."


def test_a_manager_takes_a_promise_back_and_an_agent_can_not(world: World) -> None:
    filed = ticket(world)
    agent = world.client("marek")
    assert "Decide: not covered…" not in text_of(agent.get(url(filed)))
    assert agent.get(url(filed, "coverage/")).status_code == 409
    assert "Decide: not covered…" in text_of(world.client("duty").get(url(filed)))
    assert decide(world, filed, "duty", "It is a toy.").status_code == 302
    after = fresh(filed)
    assert (after.covered, after.clock_due_at, after.response_outcome) == (False, None, "CANCELLED")
    refused = decide(world, filed, "marek", "I think otherwise.")
    assert refused.status_code == 409
    assert "Duty Test decided that this is not covered" in text(refused)
    assert not fresh(filed).covered


def test_the_queue_says_it_in_the_row_and_sorts_it_below(world: World, filed: Ticket) -> None:
    other = ticket(world, "sol", severity=3)
    page = world.client("marek").get("/desk/")
    assert listed(page) == [other.reference, filed.reference]
    assert "Not covered, no promise" in text(page)


def test_a_report_by_phone_is_told_before_it_is_sent_and_after(world: World, filed: Ticket) -> None:
    client = world.client("marek")
    with work_unit(STAFF):
        Ticket.objects.filter(pk=filed.pk).update(state="WITHDRAWN")
    page = follow(client, client.post("/tickets/new/", {"customer": "ACME"}))
    assert "Not covered The 90 free days ended" in text_of(page)
    page = follow(client, send(client, page, component=str(world.components["acme"].pk)))
    for answers in ({}, IMPACT_1, PROBLEM):
        page = follow(client, send(client, page, **answers))
    assert "is not covered" in text_of(page)
    done = follow(client, send(client, page))
    assert "It is not covered, so no answer time is promised." in text_of(done)
    with work_unit(STAFF):
        last = Ticket.objects.latest("pk")
    assert (last.channel, last.covered, last.clock_due_at) == ("phone", False, None)
