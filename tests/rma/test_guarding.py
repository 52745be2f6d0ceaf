"""A ticket with an open return: not closed, not withdrawn; merged, its return goes on with the ticket that stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from contracts import services as billing
from contracts.models import Component, WarrantyCoverage, WarrantyVoid
from contracts.services import voiding
from rma import services
from rma.queries import returns_of
from rma.services import Wish
from rozoom_support.lib.refusals import Refused
from tenancy.context import work_unit
from tenancy.models import AuditEvent
from tests.api.calls import at, if_match
from tests.contracts.deals import ago, implemented, warranty
from tests.contracts.voids import appealed, done, voided
from tests.rma.deals import (
    STAFF,
    Stock,
    allocated,
    approved,
    as_person,
    delivered,
    entitled,
    fresh,
    on_ticket,
    requested,
    shipped,
    staff,
)
from tests.world import World
from tickets import services as tickets
from tickets.models import Ticket


def withdraw(world: World, ticket: Ticket, now: datetime) -> Ticket:
    return as_person(world, "ilse", tickets.withdraw, ticket=ticket, reason="A fuse.", now=now)


def test_a_ticket_whose_return_is_open_is_withdrawn_when_that_is_cancelled(
    world: World, component: Component, now: datetime, api: Any
) -> None:
    rma = approved(world, component, now)
    words = f"Return {rma} of this ticket is open: it is approved. Cancel the return first, then withdraw the ticket."
    with pytest.raises(tickets.CannotMove) as refused:
        withdraw(world, rma.ticket, now)
    assert refused.value.message == words
    body, version = {"action": "withdraw", "reason": "A fuse."}, fresh(rma.ticket).version
    answer = api(world.acme).post(at(rma.ticket, "transitions"), body, headers=if_match(version))
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_move")
    assert words in answer.content.decode()
    as_person(world, "ilse", services.cancel, rma=rma, reason="A fuse.", now=now)
    assert withdraw(world, rma.ticket, now).state == "WITHDRAWN"


def test_once_parts_are_on_their_way_the_ticket_waits_for_the_end(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = delivered(world, component, now)
    with work_unit(STAFF):
        ticket = Ticket.objects.get(pk=rma.ticket_id)
    with pytest.raises(tickets.CannotMove, match="Withdraw the ticket when the return has ended"):
        withdraw(world, ticket, now)
    rma = staff(world, services.receive, rma, now, scanned_serial=component.serial)
    staff(world, services.inspect, rma, now, result="CONFIRMED")
    assert withdraw(world, ticket, now).state == "WITHDRAWN"


def test_a_return_that_a_date_has_ended_keeps_nothing_open(world: World, stock: Stock, now: datetime) -> None:
    part = world.components["acme"]
    implemented(part, ago(now, 500))
    warranty(part, ago(now, 500), ago(now, -500))
    rma = staff(world, services.authorise, requested(world, part, now).rma, now)
    late = now + timedelta(days=130)
    look = as_person(world, "ilse", services.look, ticket=rma.ticket, wish=Wish(component=part), now=late)
    assert look.open_return is None
    again = requested(world, part, late)
    assert (again.is_new, fresh(rma).state) == (True, "CANCELLED")
    assert withdraw(world, rma.ticket, late).state == "WITHDRAWN"


def test_merged_its_return_goes_on_with_the_ticket_that_stays(
    world: World, component: Component, now: datetime
) -> None:
    rma, other = approved(world, component, now), on_ticket(world, component, now)
    as_person(world, "marek", tickets.merge, ticket=rma.ticket, into=other, now=now)
    marek = world.actor("marek")
    with work_unit(STAFF):
        assert [str(one) for one in returns_of(marek, other)] == [str(rma)]
        moved = AuditEvent.objects.get(chain=rma.chain, verb="rma.ticket-moved")
    assert (fresh(rma).ticket_id, moved.data) == (other.pk, {"was": rma.ticket.reference, "ticket": other.reference})


def test_a_merge_that_would_change_what_a_return_gets_is_refused(
    world: World, component: Component, now: datetime
) -> None:
    """Its agreement was ordered 40 days ago: for a failure reported before that, it gives a repair."""
    before = on_ticket(world, component, now - timedelta(days=60))
    rma = approved(world, component, now)
    with pytest.raises(tickets.CannotMerge, match=f"Merge {before.reference} into {rma.ticket.reference} instead"):
        as_person(world, "marek", tickets.merge, ticket=rma.ticket, into=before, now=now)
    assert fresh(rma).ticket_id == rma.ticket_id
    as_person(world, "marek", tickets.merge, ticket=before, into=rma.ticket, now=now)


def test_the_page_says_what_to_do_first(world: World, component: Component, now: datetime) -> None:
    rma = approved(world, component, now)
    browser, path = world.client("ilse"), reverse("portal:move", args=[rma.ticket.reference, "withdraw"])
    page = browser.get(path)
    hidden = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    page = browser.post(path, {**hidden, "version": fresh(rma.ticket).version, "reason": "A fuse."})
    text = page.content.decode()
    assert page.status_code == 422
    assert "Cancel the return first" in text
    assert "A fuse." in text


# A warranty made void ------------------------------------------------------------------------------------------------


def made_void(world: World, component: Component, now: datetime) -> WarrantyVoid:
    with work_unit(STAFF):
        row = WarrantyCoverage.objects.get(component=component)
    return voided(world, row, now)


def test_a_void_holds_what_is_not_shipped_at_once_and_given_back_it_goes_on(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    """RA-25 without waiting for the dock: the unit is there for somebody else. WC-5: it is approved again."""
    unit = stock.unit(now)
    rma, later = allocated(world, component, now), now + timedelta(hours=1)
    void = made_void(world, component, later)
    rma = fresh(rma)
    assert (rma.state, rma.unit_id, rma.missing) == ("ON_HOLD", None, ["RECHECK"])
    assert "The warranty of this component is void." in rma.hold_reason
    assert fresh(unit).state == "AVAILABLE"
    again = as_person(world, "cora", services.supply, rma=rma, now=later)
    assert again.state == "ON_HOLD", "it is void"
    with pytest.raises(Refused):
        staff(world, services.approve, rma, later, failure_is_confirmed=True)
    done(world, "duty", billing.uphold, appealed(world, void, later), later)
    assert as_person(world, "cora", services.supply, rma=rma, now=later).state == "REQUESTED"
    staff(world, services.approve, rma, later, failure_is_confirmed=True)
    assert staff(world, services.allocate, rma, later).state == "ALLOCATED"


@pytest.mark.parametrize("is_short", [True, False])
def test_one_without_a_unit_is_held_too(
    world: World, stock: Stock, component: Component, now: datetime, is_short: bool
) -> None:
    rma = (allocated if is_short else approved)(world, component, now)
    assert rma.state == ("BACKORDERED" if is_short else "APPROVED")
    made_void(world, component, now)
    assert fresh(rma).state == "ON_HOLD"
    with pytest.raises(Refused):
        staff(world, services.allocate, rma, now)


def test_what_is_shipped_and_what_a_manager_decided_go_on(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    made_void(world, component, now)
    assert fresh(rma).state == "SHIPPED"
    other = entitled(world, now, "solo")
    stock.unit(now)
    held = requested(world, other, now, "sol").rma
    staff(world, services.decide_otherwise, held, now, by="duty", outcome="ADVANCE", reason="A favour.")
    staff(world, services.approve, held, now, failure_is_confirmed=True)
    staff(world, services.allocate, held, now)
    made_void(world, other, now)
    assert fresh(held).state == "ALLOCATED"


def test_the_dock_asks_again_where_the_void_came_by_another_way(
    world: World, stock: Stock, component: Component, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Had nobody told the returns, reserving and shipping would find out."""
    monkeypatch.setattr(voiding, "followers_of_voids", [])
    unit = stock.unit(now)
    rma = allocated(world, component, now)
    made_void(world, component, now)
    assert fresh(rma).state == "ALLOCATED"
    staff(
        world, services.ship, rma, now, scanned_serial=unit.serial, carrier="UPS", tracking_number="1Z1",
        return_tracking_number="1Z2",
    )  # fmt: skip
    assert (fresh(rma).state, fresh(unit).state) == ("ON_HOLD", "AVAILABLE")
    assert "is void" in fresh(rma).hold_reason
