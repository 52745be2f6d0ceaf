"""Returns through the API: the decided table of cases, every deed to the shelf, refusals, and what each side sees."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Component
from rma import services
from rma.models import Rma
from tenancy.context import work_unit
from tests.api.calls import codes, if_match
from tests.rma.deals import (
    STAFF,
    Stock,
    allocated,
    approved,
    box,
    carrier_says,
    delivered,
    entitled,
    fresh,
    on_ticket,
    requested,
    returned,
    shipped,
    staff,
)
from tests.rma.test_entitlement import CASES
from tests.world import ComponentFactory, World

RETURNS = "/api/v1/returns/"


def at(rma: Rma | str, *rest: str) -> str:
    reference = rma if isinstance(rma, str) else rma.reference
    return "/".join([f"{RETURNS}{reference}", *rest, ""])


def ask(program: Any, ticket: Any, **body: Any) -> Any:
    return program.post(RETURNS, {"ticket": ticket.reference, "accepts_terms": True, **body})


def do(program: Any, rma: Rma | str, action: str, **details: Any) -> Any:
    version = program.get(at(rma))["ETag"]
    return program.post(at(rma, "transitions"), {"action": action, **details}, headers={"If-Match": version})


@pytest.mark.parametrize("name", list(CASES))
def test_the_table_through_the_api(world: World, stock: Stock, now: datetime, api: Any, name: str) -> None:
    given, outcome, rule, kind, state = CASES[name]
    part = world.components["acme"]
    given(world, part, now)
    ticket = on_ticket(world, part, now)
    program = api(world.acme)
    seen = program.post(f"{RETURNS}preview/", {"ticket": ticket.reference}).json()
    assert (seen["entitled_to"]["outcome"], seen["entitled_to"]["rule"]) == (outcome, rule)
    answer = ask(program, ticket)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    told = body["entitled_to"]
    assert (told["outcome"], told["rule"], body["kind"], body["state"]) == (outcome, rule, kind, state)
    assert told["reasons"] == seen["entitled_to"]["reasons"]
    assert answer["Location"] == at(body["reference"])
    explained = program.get(at(body["reference"], "explain")).json()
    assert (explained["decisions"][-1]["rule"], explained["decisions"][-1]["outcome"]) == (rule, outcome)
    assert explained["decisions"][-1]["facts"]["reported_at"]


def test_from_the_request_to_the_shelf(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    unit = stock.unit(now)
    customer, ours = api(world.acme), api(world.rozoom)
    rma = ask(customer, on_ticket(world, component, now)).json()["reference"]
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("approve", {"failure_is_confirmed": True}, "APPROVED"),
        ("allocate", {}, "ALLOCATED"),
        ("ship", {"scanned_serial": unit.serial, "carrier": "UPS", "tracking_number": "1Z1",
                  "return_tracking_number": "1Z2"}, "SHIPPED"),
        ("deliver", {}, "DELIVERED"),
        ("receive", {"scanned_serial": component.serial}, "RETURN_RECEIVED"),
        ("inspect", {"result": "CONFIRMED"}, "CLOSED"),
    ]  # fmt: skip
    for action, details, state in steps:
        offered = ours.get(at(rma)).json()["allowed_actions"]
        assert action in offered, (action, offered)
        answer = do(ours, rma, action, **details)
        assert answer.status_code == 200, answer.content
        assert answer.json()["state"] == state
    body = customer.get(at(rma)).json()
    assert body["promise"]["met"] is True
    assert body["replacement"] is not None
    assert body["unit"] is None  # the pool is roZoom's own
    assert {one["kind"] for one in body["shipments"]} == {"REPLACEMENT_OUT", "DEFECTIVE_RETURN"}
    assert (body["allowed_actions"], body["turn"], body["ending"]) == ([], None, "RETURNED")


def test_a_second_request_is_the_same_return(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    program, ticket = api(world.acme), on_ticket(world, component, now)
    first = ask(program, ticket)
    again = ask(program, on_ticket(world, component, now))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["reference"] == first.json()["reference"]
    preview = program.post(f"{RETURNS}preview/", {"ticket": ticket.reference}).json()
    assert (preview["entitled_to"]["outcome"], preview["open_return"]) == ("MERGE", first.json()["reference"])


def test_the_same_key_is_one_deed(world: World, stock: Stock, component: Component, now: datetime, api: Any) -> None:
    program, ticket = api(world.acme), on_ticket(world, component, now)
    body, key = {"ticket": ticket.reference, "accepts_terms": True}, {"Idempotency-Key": "one"}
    first, again = (program.post(RETURNS, body, headers=key) for _ in range(2))
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    other = program.post(RETURNS, {**body, "symptom": "x"}, headers=key)
    assert other.json()["code"] == "idempotency_key_reused"


def test_on_hold_it_says_what_is_missing_and_goes_on_when_it_is_there(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    program = api(world.acme)
    held = program.post(RETURNS, {"ticket": on_ticket(world, component, now).reference}).json()
    assert held["state"] == "ON_HOLD"
    assert held["missing"] == [{"code": "TERMS", "words": "The return terms are accepted"}]
    assert do(program, held["reference"], "resume", accepts_terms=True).json()["state"] == "REQUESTED"


def test_a_move_that_is_not_possible_explains_itself(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    rma = requested(world, component, now).rma
    ours = api(world.rozoom)
    answer = do(ours, rma, "inspect", result="CONFIRMED")
    assert (answer.status_code, answer.json()["code"]) == (422, "cannot_move")
    assert "possible when it is “Failed part received”" in answer.json()["detail"]
    told = {one["action"]: one for one in ours.get(at(rma, "explain")).json()["actions"]}
    assert told["approve"]["allowed"] is True
    assert told["inspect"]["allowed"] is False
    assert told["inspect"]["why"] == answer.json()["detail"]
    assert (told["hold"]["needs"], told["hold"]["takes"]) == (["missing"], ["reason"])


def test_everything_wrong_with_a_body_is_told_together(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    rma = requested(world, component, now).rma
    ours, version = api(world.rozoom), if_match(requested(world, component, now).rma.version)
    wrong = do(ours, rma, "approve", reason="x", supplier="NOBODY", pool="NONE")
    assert sorted(codes(wrong)) == [
        ("pool", "unknown_pool"), ("reason", "not_for_this_action"), ("supplier", "unknown_supplier"),
    ]  # fmt: skip
    assert codes(do(ours, rma, "cancel")) == [("reason", "required")]
    assert codes(do(ours, rma, "hold", missing=["NOTHING"]))[0][1] == "not_a_choice"
    assert codes(do(ours, rma, "explode")) == [("action", "not_a_choice")]
    assert codes(do(ours, rma, "cancel", reason=5)) == [("reason", "wrong_type")]
    assert do(ours, rma, "approve", failure_is_confirmed="yes").json()["code"] == "wrong_type"
    assert ours.post(at(rma, "transitions"), {"action": "cancel", "reason": "x"}).status_code == 428
    old = {"If-Match": '"1"'}
    assert ours.post(at(rma, "transitions"), {"action": "cancel", "reason": "x"}, headers=old).status_code == 412
    assert version
    assert fresh(rma).state == "REQUESTED"


def test_a_request_says_all_that_is_wrong_with_it(world: World, stock: Stock, now: datetime, api: Any) -> None:
    program, theirs = api(world.acme), world.components["bolt"]
    ticket = on_ticket(world, None, now)
    foreign = on_ticket(world, theirs, now, "bob")
    assert codes(ask(program, foreign)) == [("ticket", "unknown_ticket")]
    wrong = ask(program, ticket, component=str(theirs.pk), ship_to=str(theirs.site_id), media="BURNT", colour="red")
    assert sorted(codes(wrong)) == [
        ("colour", "unknown_field"), ("component", "unknown_component"), ("media", "not_a_choice"),
        ("ship_to", "unknown_site"),
    ]  # fmt: skip
    assert codes(ask(program, ticket)) == [("serial", "cannot_request")]
    held = ask(program, ticket, serial="ZZ-1").json()
    assert (held["state"], held["entitled_to"]["rule"], held["product"], held["serial"]) == (
        "ON_HOLD",
        "R1",
        None,
        "ZZ-1",
    )


def test_a_scan_of_the_wrong_unit_ships_nothing(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    stock.unit(now)
    rma = allocated(world, component, now)
    answer = do(api(world.rozoom), rma, "ship", scanned_serial="WRONG", carrier="UPS", tracking_number="1Z1")
    assert codes(answer) == [("scanned_serial", "cannot_ship")] or answer.json()["param"] == "scanned_serial"
    assert answer.json()["code"] == "cannot_ship"
    assert fresh(rma).state == "ALLOCATED"


def test_a_late_part_is_overdue_by_its_date(world: World, stock: Stock, now: datetime, api: Any) -> None:
    then = now - timedelta(days=40)
    with work_unit(STAFF):
        part = ComponentFactory(customer=world.acme, site=world.components["acme"].site)
    stock.unit(then)
    rma = delivered(world, entitled(world, then, component=part), then)
    body = api(world.acme).get(at(rma)).json()
    assert (body["state"], body["turn"]) == ("RETURN_OVERDUE", "customer")
    charged = do(api(world.rozoom), rma, "charge")
    assert charged.json()["state"] == "NON_RETURN_INVOICED"


def test_a_quote_is_answered_through_the_api(world: World, stock: Stock, now: datetime, api: Any) -> None:
    part = world.components["acme"]
    program, ours = api(world.acme), api(world.rozoom)
    rma = ask(program, on_ticket(world, part, now)).json()["reference"]
    quoted = do(ours, rma, "quote_repair", amount="420.50", currency="EUR", evaluation_fee="80")
    assert quoted.json()["quotes"] == [
        {"amount": "420.5000", "evaluation_fee": "80.0000", "currency": "EUR", "reason": "", "accepted": None,
         "valid_until": quoted.json()["valid_until"]}
    ]  # fmt: skip
    assert codes(do(program, rma, "accept_quote")) == [("purchase_order", "required")]
    done = do(program, rma, "accept_quote", purchase_order="PO 4711")
    assert (done.json()["state"], done.json()["quotes"][0]["accepted"]) == ("AWAITING_INBOUND", True)
    for amount in ("1e3000", "-1", "0.12345", "NaN", "12345678901", 5, ""):
        wrong = do(ours, rma, "quote_repair", amount=amount, currency="EUR")
        assert wrong.status_code == 422, amount


def test_convert_answers_with_the_return_it_became(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    rma = requested(world, component, now).rma
    body = do(api(world.acme), rma, "convert").json()
    assert (body["kind"], body["previous"]) == ("FACTORY", rma.reference)


def test_who_may_do_what(world: World, stock: Stock, component: Component, now: datetime, api: Any) -> None:
    rma = approved(world, component, now)
    for program in (api(world.acme), api(world.delta)):
        assert program.get(at(rma)).json()["allowed_actions"] == ["cancel"]
        refused = do(program, rma, "allocate")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    for program in (api(world.bolt), api(world.nova), api(world.solo)):
        assert program.get(at(rma)).status_code == 404
    assert api(world.forge).get(at(rma)).status_code == 403
    reading = api(world.acme, ["returns:read"])
    assert reading.get(at(rma)).status_code == 200
    assert reading.post(at(rma, "transitions"), {"action": "cancel", "reason": "x"}).json()["code"] == "missing_scope"
    assert do(api(world.rozoom), rma, "waive", reason="x", certificate="y").status_code == 403  # a person's


def test_the_list_narrows_and_pages(world: World, stock: Stock, component: Component, now: datetime, api: Any) -> None:
    parts = [component]
    with work_unit(STAFF):
        parts += [ComponentFactory(customer=world.acme, site=component.site) for _ in range(3)]
    rmas = [requested(world, part, now + timedelta(seconds=place)).rma for place, part in enumerate(parts)]
    staff(world, services.cancel, rmas[0], now, reason="x")
    program = api(world.acme)
    page = program.get(f"{RETURNS}?page_size=3").json()
    assert [one["reference"] for one in page["results"]] == [rma.reference for rma in rmas[:0:-1]]
    second = program.get(page["next"]).json()
    assert [one["reference"] for one in second["results"]] == [rmas[0].reference]
    for asked, count in (
        ("open=true", 3), ("open=false", 1), ("state=cancelled", 1), (f"serial={component.serial.lower()}", 1),
        ("kind=FACTORY", 3), (f"component={component.pk}", 1), (f"ticket={rmas[1].ticket.reference}", 1),
        ("customer=acme", 4), ("customer=bolt", 0), ("severity=1", 0),
    ):  # fmt: skip
        assert len(program.get(f"{RETURNS}?{asked}").json()["results"]) == count, asked
    assert codes(program.get(f"{RETURNS}?colour=red")) == [("colour", "unknown_parameter")]
    assert codes(program.get(f"{RETURNS}?open=perhaps")) == [("open", "not_a_choice")]


def test_a_list_asks_as_much_for_ten_as_for_one(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    stock.unit(now)
    returned(world, component, now)
    seen = {}
    for count in (1, 8):
        for program in (api(world.acme), api(world.rozoom)):
            with CaptureQueriesContext(connection) as asked:
                assert len(program.get(RETURNS).json()["results"]) == count
            seen.setdefault(count, []).append(len(asked))
        with work_unit(STAFF):
            parts = [ComponentFactory(customer=world.acme, site=component.site) for _ in range(7)]
        if count == 1:
            for part in parts:
                requested(world, part, now)
    assert seen[1] == seen[8]


def test_what_came_back_instead_is_recorded(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    body = do(api(world.rozoom), rma, "mismatch", scanned_serial="OTHER-1").json()
    assert (body["state"], body["received_serial"]) == ("RETURN_MISMATCH", "OTHER-1")
