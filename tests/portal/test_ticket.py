"""The page of a ticket as its customer reads it."""

import re
from datetime import timedelta
from typing import Any

import pytest

from rozoom_support.lib.ui.clock import milliseconds
from sla.history import past_promise, record_past
from sla.services import cancel
from sla.sweeper import sweep
from tenancy.context import Context, work_unit
from tests.portal.walking import text_of, title_of
from tests.sla.promises import ensure_ladder
from tests.world import World, message, ticket
from tickets.models import Ticket
from tickets.services import assign, make_move, merge

SECRET = "zebra-7-nobody-says-this"


def database_time() -> Any:
    with work_unit(Context("worker")) as unit:
        return unit.now


def page_of(world: World, on: Ticket, by: str = "ilse", query: str = "") -> Any:
    return world.client(by).get(f"/tickets/{on.reference}/{query}")


def moved(world: World, on: Ticket, move: str, by: str = "marek", **details: Any) -> Ticket:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return make_move(actor=actor, ticket=on, move=move, now=unit.now, **details)


def test_it_shows_severity_clock_and_what_happens_next(world: World) -> None:
    filed = ticket(world, severity=1, component=world.components["acme"])
    answer = page_of(world, filed)
    said = text_of(answer)
    assert title_of(answer) == "ACME-1 Lift 2 stands still – roZoom Support"
    assert "Severity 1 — complete loss" in said
    assert re.search(r"(59 min|1 h) left", said)
    assert re.search(r"A person at roZoom answers you by \d\d:\d\d CES?T (today|tomorrow)", said)
    assert "roZoom, Delta Reseller and Acme Lifts can read this" in said
    assert f'data-due="{milliseconds(filed.response_due_at)}"' in answer.content.decode()
    assert "Drive controller DC-7, serial" in said


def test_a_customer_of_rozoom_itself_reads_of_no_reseller(world: World) -> None:
    said = text_of(page_of(world, ticket(world, "sol"), "sol"))
    assert "roZoom and Solo Mills can read this" in said
    assert "reseller" not in said.lower()


def test_times_are_the_readers(world: World) -> None:
    filed = ticket(world, "bob", severity=3, now=database_time())
    assert "UTC" in text_of(page_of(world, filed, "bob"))
    with work_unit():
        person = world.bob.person
        person.preferences = {"time_zone": "America/New_York"}
        person.save(update_fields=["preferences"])
    said = text_of(page_of(world, filed, "bob"))
    assert re.search(r"\d\d:\d\d E[SD]T", said)


@pytest.mark.parametrize("query", ["", "?all=1", "why/"])
def test_no_note_ever_reaches_a_customer(world: World, query: str) -> None:
    filed = ticket(world)
    message(world, filed, "marek", f"{SECRET} internal", "internal")
    message(world, filed, "dirk", f"{SECRET} partner", "partner")
    message(world, filed, "marek", "We are on it", "public")
    client = world.client("ilse")
    url = f"/tickets/{filed.reference}/"
    for address in (f"{url}{query}", f"{url}news/"):
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(address, headers=headers)
            assert answer.status_code in (200, 204)
            assert SECRET not in answer.content.decode()


def test_no_note_is_found_by_searching(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", f"{SECRET} internal", "internal")
    message(world, filed, "marek", "The word is tamarind", "public")
    client = world.client("ilse")
    assert "No tickets match" in text_of(client.get("/tickets/", {"q": SECRET}))
    assert "ACME-1" in text_of(client.get("/tickets/", {"q": "tamarind"}))


def test_an_answered_promise_says_how_long_it_took(world: World) -> None:
    filed = ticket(world, now=database_time() - timedelta(minutes=38))
    message(world, filed, "marek")
    said = text_of(page_of(world, filed))
    assert "First answer Answered in 38 min" in said
    assert "What we promised, and why" in said


def test_a_late_answer_is_owned_with_a_number_to_call(world: World, settings: Any) -> None:
    ensure_ladder()
    settings.SUPPORT_CONTACT = {"name": "roZoom", "phone": "+32 9 555 01 00", "email": "s@rozoom.example"}
    filed = ticket(world, severity=1, now=database_time() - timedelta(hours=2))
    said = text_of(page_of(world, filed))
    assert "We promised an answer by" in said
    assert "and we are late. Call" in said, "nobody has been told yet"
    assert "Call +32 9 555 01 00 to speak to someone now. Say ACME-1." in said
    assert "Overdue by" in said
    sweep()
    assert "and we are late. The duty manager has been told. Call" in text_of(page_of(world, filed))


def test_of_a_late_import_nobody_was_told(world: World) -> None:
    ensure_ladder()
    filed = ticket(world, severity=1)
    early = filed.reported_at - timedelta(days=2)
    with work_unit(Context("worker")) as unit:
        past = {"customer_id": filed.customer_id, "ticket_id": filed.pk}
        cancel(**past, reason="only a pattern", now=unit.now)
        segments = past_promise(counted_from=early, severity=1, answered_at=None, now=unit.now)
        record_past(segments, **past)
        Ticket.objects.filter(pk=filed.pk).update(clock_due_at=segments[-1].due_at)
    sweep()
    said = text_of(page_of(world, filed))
    assert "and we are late." in said
    assert "duty manager" not in said


def test_waiting_for_the_customer_is_the_first_thing_it_says(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", "Which lamp lights first?", then="wait")
    said = text_of(page_of(world, filed))
    assert "We are waiting for your answer Write it here, then we go on." in said
    assert said.index("We are waiting for your answer") < said.index("Which lamp lights first?")
    assert "Marek Test is waiting for your answer" in said


@pytest.mark.parametrize(
    "turn, words", [("reseller", "Delta Reseller works on it"), ("supplier", "We are waiting for a supplier")]
)
def test_it_says_who_has_it(world: World, turn: str, words: str) -> None:
    filed = ticket(world)
    message(world, filed, "marek")
    moved(world, filed, "wait", turn=turn)
    assert words in text_of(page_of(world, filed))


def test_history_is_told_in_muted_lines(world: World) -> None:
    filed = ticket(world)
    marek = world.actor("marek")
    with work_unit(marek.context) as unit:
        assign(actor=marek, ticket=filed, to=world.people["rita"], now=unit.now)
    message(world, filed, "marek")
    moved(world, filed, "resolve")
    html = page_of(world, filed).content.decode()
    lines = re.findall(r'<p class="event"><span>(.*?), <time', html)
    assert lines == ["Filed as severity 2", "Rita Test takes care of it", "Marek Test marked it as solved"]


def test_a_solved_ticket_asks_whether_it_is_solved_and_can_be_answered(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek")
    moved(world, filed, "resolve")
    said = text_of(page_of(world, filed))
    assert "Is it solved for you too?" in said
    assert "Close the ticket" in said
    assert "It is not solved" in said
    assert "A reply opens the ticket again" in said


def test_a_merged_ticket_leads_to_the_other(world: World) -> None:
    gone, stays = ticket(world), ticket(world, subject="The same lift")
    marek = world.actor("marek")
    with work_unit(marek.context) as unit:
        merge(actor=marek, ticket=gone, into=stays, now=unit.now)
    answer = page_of(world, gone)
    assert "This goes on as ACME-2" in text_of(answer)
    assert 'href="/tickets/ACME-2/"' in answer.content.decode()
    assert 'name="text"' not in answer.content.decode()


def test_a_withdrawn_ticket_can_not_be_answered(world: World) -> None:
    filed = ticket(world)
    moved(world, filed, "withdraw", "ilse", reason="It was the fuse")
    answer = page_of(world, filed)
    assert "This ticket has ended" in text_of(answer)
    assert "It was the fuse" in text_of(answer)
    assert 'name="text"' not in answer.content.decode()


def fill_with_messages(world: World, on: Ticket, number: int) -> None:
    for index in range(number):
        message(world, on, "marek" if index % 2 else "ilse", f"Words number {index}.")


def test_long_conversations_fold_and_unfold(world: World) -> None:
    filed = ticket(world)
    fill_with_messages(world, filed, 29)
    assert "older message" not in text_of(page_of(world, filed)), "30 with the report"
    fill_with_messages(world, filed, 1)
    folded = text_of(page_of(world, filed))
    assert "Show 14 older messages" in folded
    assert folded.count("Words number") == 16, "the report is the first of the two shown above the fold"
    assert text_of(page_of(world, filed, query="?all=1")).count("Words number") == 30
    part = world.client("ilse").get(f"/tickets/{filed.reference}/?all=1", headers={"HX-Request": "true"})
    html = part.content.decode()
    assert "<main" not in html
    assert html.count("data-focus") == 1, "the focus goes to the first message that was folded"
    assert re.search(r"data-focus>Marek Test", html)


def test_the_report_stands_first_with_its_files(world: World) -> None:
    filed = ticket(world, description="It **stopped** between floors.")
    html = page_of(world, filed).content.decode()
    assert "<strong>stopped</strong>" in html
    assert html.index('id="m0"') < html.index('id="reply"')


def test_the_conversation_is_a_log_of_articles(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek")
    html = page_of(world, filed).content.decode()
    assert 'id="talk" role="log"' in html
    assert html.count("<article") == 2


def test_the_number_is_found_however_it_is_typed(world: World) -> None:
    ticket(world)
    assert world.client("ilse").get("/tickets/acme-1/")["Location"] == "/tickets/ACME-1/"


@pytest.mark.parametrize("name", ["dirk", "marek", "fin"])
def test_the_desk_is_sent_to_its_own_page(world: World, name: str) -> None:
    filed = ticket(world)
    assert page_of(world, filed, name)["Location"] == "/desk/tickets/ACME-1/"
    assert world.client(name).get("/tickets/ACME-1/why/")["Location"] == "/desk/tickets/ACME-1/why/"


def test_the_confirmation_is_for_who_sent_it(world: World) -> None:
    filed = ticket(world)
    assert "We have your report" in text_of(page_of(world, filed, query="?sent=1"))
    assert "We have your report" not in text_of(page_of(world, filed))
    assert "We have your report" not in text_of(page_of(world, filed, "ana", query="?sent=1"))


def test_the_why_page_tells_start_target_and_rule(world: World) -> None:
    filed = ticket(world, severity=1)
    answer = world.client("ilse").get("/tickets/ACME-1/why/")
    said = text_of(answer)
    assert re.search(r"Why is our answer due by \d\d:\d\d CES?T", said)
    assert "complete loss of service, no workaround" in said
    assert "A first answer within 1 hour of the report, because the severity was 1." in said
    assert "It is not a promise to fix the fault in that time." in said
    assert "Europe/Berlin" in said
    message(world, filed, "marek")
    said = text_of(world.client("ilse").get("/tickets/ACME-1/why/"))
    assert "What we promised on ACME-1" in said
    assert "Answered in time" in said


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "Because you told us: severe loss"),
        ({"reporter_party": "reseller", "reporter_name": "Dirk Test"}, "Because Dirk Test told us: severe loss"),
        (
            {"impact": None, "severity_because": "imported with priority 2"},
            "Where it comes from: imported with priority 2.",
        ),
        ({"impact": None, "severity_because": ""}, ""),
    ],
)
def test_the_why_page_tells_who_said_how_bad_it_is(world: World, columns: dict[str, Any], words: str) -> None:
    filed = ticket(world)
    with work_unit(Context("worker")):
        Ticket.objects.filter(pk=filed.pk).update(**columns)
    said = text_of(world.client("ilse").get("/tickets/ACME-1/why/"))
    assert words in said
    assert ("told us" in said) == ("told us" in words)


def test_the_why_page_tells_of_a_withdrawn_promise(world: World) -> None:
    moved(world, ticket(world), "withdraw", "ilse", reason="It was the fuse")
    assert "Not needed any more" in text_of(world.client("ilse").get("/tickets/ACME-1/why/"))


def ended_late(world: World, how: str) -> Ticket:
    """A ticket of severity 1 from two hours ago that nobody answered, and how it ended."""
    filed = ticket(world, severity=1, now=database_time() - timedelta(hours=2))
    if how == "merge":
        marek = world.actor("marek")
        into = ticket(world, subject="The same")
        with work_unit(marek.context) as unit:
            merge(actor=marek, ticket=filed, into=into, now=unit.now)
    elif how == "resolve":
        moved(world, filed, "begin")
        moved(world, filed, "resolve", "ilse", resolution="The fuse")
    else:
        moved(world, filed, "withdraw", "ilse", reason="It was the fuse")
    return filed


@pytest.mark.parametrize("how", ["withdraw", "merge", "resolve"])
def test_what_ended_late_without_an_answer_does_not_read_answered(world: World, how: str) -> None:
    filed = ended_late(world, how)
    said = text_of(page_of(world, filed))
    assert "Ended without an answer, 1 h late" in said
    assert "Answered" not in said
    why = text_of(world.client("ilse").get(f"/tickets/{filed.reference}/why/"))
    assert "Ended late, without an answer" in why
    assert "Answered late" not in why


def test_a_late_answer_reads_answered_late(world: World) -> None:
    filed = ticket(world, severity=1, now=database_time() - timedelta(hours=2))
    message(world, filed, "marek")
    assert "Answered 1 h late" in text_of(page_of(world, filed))
    assert "Answered late" in text_of(world.client("ilse").get("/tickets/ACME-1/why/"))
