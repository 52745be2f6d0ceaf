"""Solved, closed, opened again, withdrawn: the page names the effect first, and the lifecycle decides."""

from datetime import timedelta

import pytest

from tenancy.context import Context, work_unit
from tests.portal.walking import follow, send, text_of, title_of
from tests.world import World, message, ticket
from tickets.models import Ticket
from tickets.services import make_move

WORKER = Context("worker")


def fresh(filed: Ticket) -> Ticket:
    with work_unit(WORKER):
        return Ticket.objects.get(pk=filed.pk)


def solved(world: World) -> Ticket:
    filed = ticket(world)
    message(world, filed, "marek", "Done", then="resolve")
    return filed


def test_a_customer_says_that_it_is_solved(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek")
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/move/resolve/")
    assert "Is the problem of ACME-1 solved?" in text_of(page)
    assert "If it comes back, you can open the ticket again within 14 days." in text_of(page)
    after = follow(client, send(client, page, reason="The fuse"))
    assert "ACME-1 is marked as solved. You can open it again within 14 days." in text_of(after)
    assert (fresh(filed).state, fresh(filed).resolution) == ("RESOLVED", "The fuse")


def test_a_running_promise_is_named_before_it_ends(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    assert "no longer has to answer within the promised time" in text_of(client.get("/tickets/ACME-1/move/withdraw/"))
    message(world, filed, "marek")
    assert "promised time" not in text_of(client.get("/tickets/ACME-1/move/withdraw/"))


def test_withdrawing_needs_a_reason(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/move/withdraw/")
    refused = send(client, page)
    assert refused.status_code == 422
    assert title_of(refused).startswith("Error: ")
    assert '<a href="#id_reason">Say in a few words why it is not needed any more</a>' in refused.content.decode()
    assert send(client, page, reason="It was the fuse").status_code == 302
    assert (fresh(filed).state, fresh(filed).response_outcome) == ("WITHDRAWN", "CANCELLED")


def test_closing_a_solved_ticket(world: World) -> None:
    filed = solved(world)
    client = world.client("ilse")
    assert send(client, client.get("/tickets/ACME-1/move/close/")).status_code == 302
    assert fresh(filed).state == "CLOSED"


def test_opening_again_sends_the_reason_and_starts_a_promise(world: World) -> None:
    filed = solved(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/move/reopen/")
    assert send(client, page).status_code == 422
    after = follow(client, send(client, page, reason="It fell again"))
    assert "It fell again" in text_of(after)
    assert "A person at roZoom answers you by" in text_of(after)
    assert fresh(filed).state == "OPEN"
    assert fresh(filed).clock_due_at is not None


def test_sending_twice_is_one_move(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/move/withdraw/")
    for _ in range(2):
        assert send(client, page, reason="It was the fuse").status_code == 302
    assert fresh(filed).state == "WITHDRAWN"


def test_a_page_that_is_out_of_date_changes_nothing(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/move/withdraw/")
    message(world, filed, "marek", "We found it")
    refused = send(client, page, reason="It was the fuse")
    assert refused.status_code == 409
    assert "Someone changed this ticket meanwhile" in text_of(refused)
    assert fresh(filed).state == "OPEN"


@pytest.mark.parametrize("move", ["resolve", "close", "reopen"])
def test_a_move_that_is_not_open_leads_back_to_the_ticket(world: World, move: str) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    answer = client.get(f"/tickets/ACME-1/move/{move}/")
    assert answer["Location"] == "/tickets/ACME-1/"
    assert "ACME-1 has changed meanwhile" in text_of(follow(client, answer))
    sent = client.post(f"/tickets/ACME-1/move/{move}/", {"version": filed.version, "reason": "x"})
    assert sent.status_code in (302, 409)
    assert fresh(filed).state == "NEW"


def test_after_14_days_nothing_is_opened_again(world: World) -> None:
    with work_unit(WORKER) as unit:
        long_ago = unit.now - timedelta(days=15)
    filed = solved(world)
    with work_unit(WORKER):
        Ticket.objects.filter(pk=filed.pk).update(resolved_at=long_ago)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/")
    assert "It is not solved" not in text_of(page)
    assert 'name="text"' not in page.content.decode()
    assert client.get("/tickets/ACME-1/move/reopen/")["Location"] == "/tickets/ACME-1/"
    answer = client.post("/tickets/ACME-1/move/reopen/", {"version": fresh(filed).version, "reason": "It fell again"})
    assert answer.status_code == 409
    assert "ended more than 14 days ago" in text_of(answer)


def test_unknown_moves_and_moves_of_the_desk_are_not_here(world: World) -> None:
    ticket(world)
    client = world.client("ilse")
    for move in ("merge", "wait", "begin", "explode"):
        assert client.get(f"/tickets/ACME-1/move/{move}/").status_code == 404
        assert client.post(f"/tickets/ACME-1/move/{move}/", {"version": 1}).status_code == 404


def test_strangers_move_nothing(world: World) -> None:
    filed = ticket(world)
    for name in ("bob", "sol", "nils"):
        client = world.client(name)
        assert client.get("/tickets/ACME-1/move/withdraw/").status_code == 404
        assert client.post("/tickets/ACME-1/move/withdraw/", {"version": 1, "reason": "x"}).status_code == 404
    assert fresh(filed).state == "NEW"


def test_finance_reads_and_moves_nothing(world: World) -> None:
    filed = ticket(world)
    answer = world.client("fin").post("/tickets/ACME-1/move/withdraw/", {"version": filed.version, "reason": "x"})
    assert answer.status_code == 409
    assert fresh(filed).state == "NEW"


def test_a_colleague_of_the_reporter_may_close(world: World) -> None:
    filed = solved(world)
    ana = world.actor("ana")
    with work_unit(ana.context) as unit:
        make_move(actor=ana, ticket=filed, move="close", now=unit.now)
    assert fresh(filed).state == "CLOSED"
