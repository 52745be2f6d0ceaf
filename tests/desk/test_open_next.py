"""Open next: the least time left that is mine or nobody's, taken at once."""

import pytest

from tests.desk.reading import filed_ago, fresh, listed, stored, text
from tests.together import together
from tests.world import World, message, ticket
from tickets.models import Ticket


def opened(world: World, who: str = "marek", **data: str) -> str:
    response = world.client(who).post("/desk/open-next/", data)
    assert response.status_code == 302
    return response.url.removeprefix("/desk/tickets/").partition("/")[0]


def owned(filed: Ticket, world: World, who: str) -> None:
    member = world.people[who]
    stored(
        filed, assignee_id=member.person_id, assignee_name=member.person_name, assignee_party="operator", state="OPEN"
    )


def test_it_opens_the_least_time_left_and_makes_it_mine(world: World) -> None:
    _, first = filed_ago(world, [1, 3])
    assert opened(world) == first.reference
    after = fresh(first)
    assert (after.assignee_name, after.state) == ("Marek Test", "OPEN")


def test_what_a_colleague_has_is_left_to_the_colleague(world: World) -> None:
    second, first = filed_ago(world, [1, 3])
    owned(first, world, "rita")
    assert opened(world) == second.reference
    assert fresh(first).assignee_name == "Rita Test"


def test_mine_comes_before_nobodys_when_it_has_less_time(world: World) -> None:
    nobodys, mine = filed_ago(world, [2, 3])
    owned(mine, world, "marek")
    assert opened(world) == mine.reference
    assert fresh(mine).version == mine.version  # nothing to do for what is mine already
    assert opened(world, besides=mine.reference) == nobodys.reference


def test_it_goes_through_the_list_in_the_order_of_the_page(world: World) -> None:
    """Also where two are due at the same instant, and where no promise runs any more."""
    filed = filed_ago(world, [1, 3, 2, 2, 0.5, 3.5], severity=2)
    due_at = fresh(filed[2]).clock_due_at
    for same in filed[2:4]:
        stored(same, clock_due_at=due_at, last_customer_message_at=fresh(filed[2]).last_customer_message_at)
    for answered in (filed[0], filed[4]):
        message(world, answered)
    owned(filed[3], world, "marek")
    page, seen = listed(world.client("marek").get("/desk/")), []
    named = {one.reference: one for one in filed}
    for _ in page:
        seen.append(opened(world))
        stored(named[seen[-1]], state="RESOLVED", clock_due_at=None)
    assert seen == page


def test_what_waits_for_somebody_else_is_left_out_unless_its_promise_runs(world: World) -> None:
    waits, runs = filed_ago(world, [3, 2])
    message(world, waits, then="wait")
    stored(runs, state="WAITING", turn="supplier")
    assert opened(world) == runs.reference
    assert world.client("rita").post("/desk/open-next/").url == "/desk/"


def test_nothing_left_is_said_on_the_queue(world: World) -> None:
    filed = ticket(world)
    owned(filed, world, "rita")
    response = world.client("marek").post("/desk/open-next/?view=mine", follow=True)
    assert response.redirect_chain == [("/desk/?view=mine", 302)]
    assert "Nothing is left for you" in text(response)


def test_it_keeps_the_list_it_was_pressed_in(world: World) -> None:
    filed = ticket(world)
    response = world.client("marek").post("/desk/open-next/?view=unassigned&severity=2")
    assert response.url == f"/desk/tickets/{filed.reference}/?view=unassigned&severity=2"


def test_a_reseller_gets_its_own_customers_tickets(world: World) -> None:
    filed_ago(world, [3], by="bob")
    own = filed_ago(world, [1], by="ilse")[0]
    assert opened(world, "dirk") == own.reference


def test_a_get_takes_nothing(world: World) -> None:
    filed = ticket(world)
    assert world.client("marek").get("/desk/open-next/").status_code == 405
    assert fresh(filed).assignee_id is None


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_tickets(lasting_world: World) -> None:
    world = lasting_world
    filed_ago(world, [3, 2, 1])
    clients = [world.client(who) for who in ("marek", "rita")]
    found = together(*(lambda client=client: client.post("/desk/open-next/").url for client in clients))
    assert len(set(found)) == 2
