"""What carriers report, by program and by file: each report answered for itself, twice or out of order harmless."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contracts.models import Component, WarrantyCoverage
from rma.models import Rma, TrackingEvent
from tenancy.context import work_unit
from tests.api.calls import codes
from tests.rma.deals import STAFF, Stock, box, fresh, shipped
from tests.rma.test_desk_board import page
from tests.world import World

EVENTS = "/api/v1/carrier-events/"
PAGE = "/desk/returns/carrier/"


@pytest.fixture
def then(now: datetime) -> datetime:
    return now - timedelta(hours=6)


@pytest.fixture
def rma(world: World, stock: Stock, component: Component, then: datetime) -> Rma:
    stock.unit(then)
    return shipped(world, component, then)


def event(rma: Rma, code: str, at: datetime, **more: str) -> dict[str, str]:
    shipment = box(rma, "REPLACEMENT_OUT")
    return {
        "carrier": shipment.carrier.lower(), "tracking_number": f" {shipment.tracking_number} ", "code": code,
        "at": at.isoformat(), **more,
    }  # fmt: skip


def sent(program: Any, *events: dict[str, str], **more: Any) -> list[tuple[str, str]]:
    answer = program.post(EVENTS, {"events": list(events)}, **more)
    assert answer.status_code == 200, answer.content
    return [(one["status"], one["shipment_state"]) for one in answer.json()["results"]]


def count() -> int:
    with work_unit(STAFF):
        return TrackingEvent.objects.count()


def test_delivery_moves_the_cover_to_the_new_serial(
    world: World, rma: Rma, component: Component, then: datetime, api: Any
) -> None:
    program = api(world.rozoom)
    answer = program.post(EVENTS, {"events": [event(rma, "DELIVERED", then + timedelta(hours=5), text="Signed: P")]})
    [told] = answer.json()["results"]
    assert (told["status"], told["return_reference"], told["detail"]) == (
        "TAKEN",
        rma.reference,
        "The box is delivered.",
    )
    assert fresh(rma).state == "DELIVERED"
    with work_unit(STAFF):
        covered = WarrantyCoverage.objects.filter(customer=world.acme, state__in=["PENDING", "ACTIVE"])
        assert [one.component_id for one in covered] == [fresh(rma).replacement_id]


def test_twice_is_once(world: World, rma: Rma, then: datetime, api: Any) -> None:
    program, one = api(world.rozoom), event(rma, "SCAN", then + timedelta(hours=1))
    assert sent(program, one, one) == [("TAKEN", "IN_TRANSIT"), ("KNOWN", "IN_TRANSIT")]
    assert sent(program, {**one, "text": "said otherwise"}) == [("KNOWN", "IN_TRANSIT")]
    named = event(rma, "SCAN", then + timedelta(hours=2), event_id="e-1")
    moved = {**named, "at": (then + timedelta(hours=3)).isoformat()}
    assert sent(program, named, moved) == [
        ("TAKEN", "IN_TRANSIT"),
        ("KNOWN", "IN_TRANSIT"),
    ]  # by the carrier's own number
    assert count() == 2


def test_out_of_order_is_kept_and_changes_nothing(world: World, rma: Rma, then: datetime, api: Any) -> None:
    program = api(world.rozoom)
    assert sent(program, event(rma, "DELIVERED", then + timedelta(hours=5))) == [("TAKEN", "DELIVERED")]
    version = fresh(rma).version
    late = event(rma, "EXCEPTION", then + timedelta(hours=2)), event(rma, "LOST", then + timedelta(hours=4))
    assert sent(program, *late) == [("LATE", "DELIVERED"), ("LATE", "DELIVERED")]
    assert (fresh(rma).state, fresh(rma).version, count()) == ("DELIVERED", version, 3)


def test_one_that_is_refused_stops_none_of_the_others(
    world: World, rma: Rma, now: datetime, then: datetime, api: Any
) -> None:
    unknown = {**event(rma, "SCAN", then), "tracking_number": "NOBODYS"}
    ahead = event(rma, "SCAN", now + timedelta(days=1))
    answer = api(world.rozoom).post(
        EVENTS, {"events": [unknown, ahead, event(rma, "DELIVERED", then + timedelta(hours=1))]}
    )
    told = answer.json()["results"]
    assert [one["status"] for one in told] == ["REFUSED", "REFUSED", "TAKEN"]
    assert [(one["refused_code"], one["param"]) for one in told[:2]] == [
        ("cannot_track", "tracking_number"), ("cannot_track", "at"),
    ]  # fmt: skip
    assert told[0]["detail"] == "No box of ups has the tracking number NOBODYS."


@pytest.mark.parametrize(
    ("events", "param"),
    [
        ([], "events"),
        ("no list", "events"),
        ([{"carrier": "UPS", "tracking_number": "1", "code": "SEEN", "at": "2026-11-23T10:00:00Z"}], "events"),
        ([{"carrier": "UPS", "tracking_number": "1", "code": "SCAN", "at": "yesterday"}], "events.0.at"),
        ([{}] * 101, "events"),
    ],
)
def test_a_body_of_another_shape_is_refused_as_a_whole(world: World, api: Any, events: Any, param: str) -> None:
    answer = api(world.rozoom).post(EVENTS, {"events": events})
    assert answer.status_code == 422
    assert codes(answer)[0][0].startswith(param)


@pytest.mark.parametrize("organisation", ["acme", "delta", "forge"])
def test_only_rozoom_reports(world: World, api: Any, organisation: str) -> None:
    assert api(getattr(world, organisation)).post(EVENTS, {"events": []}).status_code == 403
    assert world.client({"acme": "ilse", "delta": "dirk", "forge": "sam"}[organisation]).get(PAGE).status_code == 404


# By file ----------------------------------------------------------------------------------------------------------------


def upload(world: World, text: str | bytes) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return world.client("cora").post(PAGE, {"file": SimpleUploadedFile("ups.csv", content, "text/csv")})


def rows(response: Any) -> list[tuple[str, str]]:
    """(line, result) of the answer."""
    found = re.findall(r'<th scope="row">(Line \d+)</th><td><span[^>]*>(?:<svg.*?</svg>)?(\w+)</span>', page(response))
    return [(line, result) for line, result in found]


def test_each_line_of_a_file_is_answered(world: World, rma: Rma, then: datetime) -> None:
    shipment = box(rma, "REPLACEMENT_OUT")
    at = (then + timedelta(hours=1)).isoformat()
    text = (
        "carrier;tracking_number;code;at;place;text\n"
        f"UPS;{shipment.tracking_number};scan;{at};Chicago;\n"
        f"UPS;{shipment.tracking_number};SCAN;{at};Chicago;\n"
        "UPS;NOBODYS;SCAN;2026-11-23T10:00:00Z;;\n"
        f"UPS;{shipment.tracking_number};SEEN;{at};;\n"
        f"UPS;{shipment.tracking_number};DELIVERED;2026-11-23 10:00;;\n"
        f"UPS;{shipment.tracking_number};DELIVERED;{(then + timedelta(hours=4)).isoformat()};Ghent;Signed: P\n"
    )
    answer = upload(world, text)
    assert answer.status_code == 200
    assert rows(answer) == [
        ("Line 2", "Taken"), ("Line 3", "Known"), ("Line 4", "Refused"), ("Line 5", "Refused"), ("Line 6", "Refused"),
        ("Line 7", "Taken"),
    ]  # fmt: skip
    for words in (
        "No box of UPS has the tracking number NOBODYS.",
        "This code is not known.",
        "no instant with its zone",
    ):
        assert words in page(answer)
    assert fresh(rma).state == "DELIVERED"
    assert {result for _, result in rows(upload(world, text))} == {"Known", "Refused"}
    assert count() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe", "UTF-16"),
        ("carrier,code\nUPS,SCAN\n", "tracking_number, at are missing"),
        ("", "The file is empty"),
        ("carrier,tracking_number,code,at\n" + "UPS,1,SCAN,x\n" * 1001, "more than 1,000 rows"),
        (b"x" * (1024 * 1024 + 1), "must be smaller than 1 MB"),
    ],
)
def test_a_file_that_can_not_be_read_says_why(world: World, text: str | bytes, words: str) -> None:
    answer = upload(world, text)
    assert answer.status_code == 422
    assert words in page(answer)
    assert count() == 0


def test_the_sample_is_read_as_it_is(world: World) -> None:
    client = world.client("cora")
    sample = client.get(f"{PAGE[:-1]}/sample.csv".replace("carrier//", "carrier/"))
    answer = upload(world, sample.content)
    assert [result for _, result in rows(answer)] == ["Refused", "Refused"]  # nobody has these boxes
    assert "is missing" not in page(answer)
    assert "Choose a CSV file" in page(client.post(PAGE))
