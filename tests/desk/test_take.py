"""Who works on it: taking, handing over, and being told that somebody was faster."""

import re

import pytest

from tenancy.context import as_login_role, work_unit
from tests.desk.reading import HTMX, clock, fresh, hidden, stored, text
from tests.desk.test_send import at_once
from tests.world import STAFF, World, person, ticket
from tickets.models import Ticket


def url(filed: Ticket, more: str = "") -> str:
    return f"/desk/tickets/{filed.reference}/{more}"


def taken_by(filed: Ticket, world: World, who: str) -> None:
    member = world.people[who]
    stored(filed, assignee_id=member.person_id, assignee_name=member.person_name, assignee_party="operator")


def test_taking_makes_it_mine_and_begins_it(world: World) -> None:
    filed = ticket(world)
    client = world.client("marek")
    response = client.post(url(filed, "take/?view=unassigned"), {"seen": ""})
    assert response.url == url(filed, "?view=unassigned")
    assert (fresh(filed).assignee_name, fresh(filed).state) == ("Marek Test", "OPEN")
    page = text(client.get(url(filed)))
    assert '<span class="strong">Me</span>' in page
    assert ">Take</button>" not in page


def test_taking_by_htmx_answers_with_pieces_and_leaves_the_composer_alone(world: World) -> None:
    filed = ticket(world)
    page = text(world.client("marek").post(url(filed, "take/"), {"seen": ""}, headers=HTMX))
    assert '<span class="strong">Me</span>' in page
    assert "You have it now." in page
    assert "<html" not in page
    assert "<textarea" not in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_second_one_is_told_who_was_first(world: World, headers: dict[str, str]) -> None:
    filed = ticket(world)
    taken_by(filed, world, "rita")
    response = world.client("marek").post(url(filed, "take/"), {"seen": ""}, headers=headers)
    assert response.status_code == 409
    assert "Rita Test has this ticket now. Nothing was changed." in text(response)
    assert fresh(filed).assignee_name == "Rita Test"


def test_taking_over_is_possible_for_who_saw_whose_it_was(world: World) -> None:
    filed = ticket(world)
    taken_by(filed, world, "rita")
    page = text(world.client("marek").get(url(filed)))
    assert ">Take over</button>" in page
    assert world.client("marek").post(url(filed, "take/"), {"seen": hidden(page, "seen")}).status_code == 302
    assert fresh(filed).assignee_name == "Marek Test"


@pytest.mark.parametrize("seen", ["x", "-1", "9" * 40, "²"])
def test_a_sight_that_is_no_key_counts_as_nobody(world: World, seen: str) -> None:
    filed = ticket(world)
    taken_by(filed, world, "rita")
    assert world.client("marek").post(url(filed, "take/"), {"seen": seen}).status_code == 409


def test_an_ended_ticket_is_not_taken(world: World) -> None:
    filed = ticket(world)
    stored(filed, state="CLOSED", closed_at=clock(), clock_due_at=None)
    response = world.client("marek").post(url(filed, "take/"), {"seen": ""})
    assert response.status_code == 409
    assert "This ticket has ended. Reopen it first." in text(response)


@pytest.mark.parametrize("who", ["ilse", "nils", "fin"])
def test_who_may_not_work_on_it_finds_nothing_to_take(world: World, who: str) -> None:
    filed = ticket(world)
    assert world.client(who).post(url(filed, "take/"), {"seen": ""}).status_code == 404
    assert fresh(filed).assignee_id is None


def test_a_reseller_takes_a_ticket_of_its_customer(world: World) -> None:
    filed = ticket(world)
    assert world.client("dirk").post(url(filed, "take/"), {"seen": ""}).status_code == 302
    assert (fresh(filed).assignee_name, fresh(filed).assignee_party) == ("Dirk Test", "reseller")


def test_two_at_once_one_has_it_and_one_is_told(lasting_world: World) -> None:
    world, filed = lasting_world, ticket(lasting_world)
    answers = at_once(
        [lambda who=who: world.client(who).post(url(filed, "take/"), {"seen": ""}) for who in ("marek", "rita")]
    )
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    told = text(next(answer for answer in answers if answer.status_code == 409))
    assert f"{fresh(filed).assignee_name} has this ticket now" in told


# Handing over


def choices(page: str) -> dict[str, str]:
    """Name of each person on the page and the value behind it."""
    found = re.findall(r'type="radio" name="assignee" value="(\w+)".*?<span>([^<]+)</span>', page, re.DOTALL)
    return {name: value for value, name in found} or {
        label.partition(",")[0]: value for value, label in re.findall(r'<option value="(\w+)"[^>]*>([^<]+)<', page)
    }


def assigned(world: World, filed: Ticket, who: str, to: str) -> int:
    client = world.client(who)
    page = text(client.get(url(filed, "assign/")))
    data = {"assignee": choices(page)[to], "version": hidden(page, "version")}
    return client.post(url(filed, "assign/"), data).status_code


def test_staff_may_give_it_to_the_desk_or_to_the_customers_reseller(world: World) -> None:
    filed = ticket(world)
    page = text(world.client("marek").get(url(filed, "assign/")))
    assert list(choices(page)) == [
        "Marek Test",
        "Adam Test",
        "Cora Test",
        "Duty Test",
        "Rita Test",
        "Dirk Test",
        "Dora Test",
        "Nobody",
    ]


def test_a_reseller_manager_may_give_it_to_its_own_people(world: World) -> None:
    filed = ticket(world)
    page = text(world.client("dora").get(url(filed, "assign/")))
    assert list(choices(page)) == ["Dora Test", "Dirk Test", "Nobody"]
    assert world.client("dirk").get(url(filed, "assign/")).status_code == 404


def test_giving_it_away_and_putting_it_back(world: World) -> None:
    filed = ticket(world)
    assert assigned(world, filed, "marek", "Rita Test") == 302
    assert fresh(filed).assignee_name == "Rita Test"
    assert assigned(world, filed, "marek", "Dirk Test") == 302
    assert (fresh(filed).assignee_name, fresh(filed).assignee_party) == ("Dirk Test", "reseller")
    assert assigned(world, filed, "marek", "Nobody") == 302
    assert fresh(filed).assignee_id is None


def test_many_people_make_a_list_to_choose_from(world: World) -> None:
    filed = ticket(world)
    with work_unit(STAFF), as_login_role():
        for index in range(3):
            person(world.rozoom, "agent", f"Extra {index}")
    page = text(world.client("marek").get(url(filed, "assign/")))
    assert "<select" in page
    assert assigned(world, filed, "marek", "Extra 1") == 302
    assert fresh(filed).assignee_name == "Extra 1"


def test_nobody_chosen_is_asked_again(world: World) -> None:
    filed = ticket(world)
    response = world.client("marek").post(url(filed, "assign/"), {"version": "1"})
    assert response.status_code == 422
    assert "Choose a person from the list, or nobody" in text(response)
    assert "<title>Error: " in text(response)


@pytest.mark.parametrize("who", ["ilse", "nils", "bob"])
def test_a_stranger_is_no_choice(world: World, who: str) -> None:
    filed = ticket(world)
    data = {"assignee": str(world.people[who].pk), "version": "1"}
    assert world.client("marek").post(url(filed, "assign/"), data).status_code == 422
    assert fresh(filed).assignee_id is None


def test_a_choice_made_on_an_old_page_is_asked_again(world: World) -> None:
    filed = ticket(world)
    client = world.client("marek")
    page = text(client.get(url(filed, "assign/")))
    data = {"assignee": choices(page)["Dirk Test"], "version": hidden(page, "version")}
    world.client("rita").post(url(filed, "take/"), {"seen": ""})
    response = client.post(url(filed, "assign/"), data)
    assert response.status_code == 409
    assert "Someone changed this ticket meanwhile" in text(response)
    assert fresh(filed).assignee_name == "Rita Test"
    again = {**data, "version": hidden(text(response), "version")}
    assert client.post(url(filed, "assign/"), again).status_code == 302
    assert fresh(filed).assignee_name == "Dirk Test"
