"""Every address of the description x every organisation x things of others: the same bytes as for what does not exist.

The addresses come from the description itself; one that stands there and is not called here fails the test.
"""

import json
from typing import Any

import pytest
from django.test.client import MULTIPART_CONTENT

from notifications.models import WebhookDelivery, WebhookEndpoint
from rma.models import PoolUnit, Rma, SupplierRma
from tenancy.api.docs import description
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent
from tests.api.calls import at, if_match, report, send_form, upload
from tests.notifications.webhooks.rows import webhook_of
from tests.rma.deals import requested
from tests.rma.places import chicago, shelved
from tests.world import message, ticket
from tickets.models import Attachment, Message, Ticket
from tickets.services import propose_severity

pytestmark = pytest.mark.django_db

NOBODYS = "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11"
KEY = {"Idempotency-Key": "k"}
# A body that would succeed, for each address that takes one.
BODIES: dict[tuple[str, str], Any] = {
    ("patch", "/api/v1/tickets/{reference}/"): {"subject": "Taken over"},
    ("post", "/api/v1/tickets/{reference}/transitions/"): {"action": "wait", "turn": "customer"},
    ("post", "/api/v1/tickets/{reference}/assignment/"): {"assignee": None},
    ("post", "/api/v1/tickets/{reference}/promise/"): {"reason": "x"},
    ("post", "/api/v1/tickets/{reference}/messages/"): {"body": "x"},
    ("post", "/api/v1/tickets/{reference}/files/"): "form",
    ("post", "/api/v1/tickets/{reference}/severity-proposals/"): {"severity": 1, "reason": "x"},
    ("post", "/api/v1/tickets/{reference}/severity-proposals/{number}/answer/"): {"agrees": True},
    ("post", "/api/v1/tickets/{reference}/severity-proposals/{number}/withdraw/"): {},
    ("post", "/api/v1/returns/{rma}/transitions/"): {"action": "cancel", "reason": "x"},
    ("post", "/api/v1/pool-units/{id}/transitions/"): {"action": "retire", "reason": "x"},
    ("post", "/api/v1/supplier-returns/{id}/transitions/"): {"action": "acknowledge", "supplier_number": "F-1"},
    ("patch", "/api/v1/webhook-endpoints/{endpoint_id}/"): {"description": "Taken over"},
    ("post", "/api/v1/webhook-endpoints/{endpoint_id}/removal/"): {},
    ("post", "/api/v1/webhook-endpoints/{endpoint_id}/replay/"): {},
    ("post", "/api/v1/webhook-endpoints/{endpoint_id}/rotation/"): {},
    ("post", "/api/v1/webhook-endpoints/{endpoint_id}/test/"): {},
    ("post", "/api/v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay/"): {},
}
# roZoom's and its suppliers': the scope of a token is refused before anything is looked up.
INSIDE = ("/api/v1/pool-units/", "/api/v1/supplier-returns/")
ADDRESSES = [(method, path) for path, methods in json.loads(description())["paths"].items() for method in methods]
WITH_NAMES = [(method, path) for method, path in ADDRESSES if "{" in path]
STRANGERS = ["bolt", "nova", "solo"]


@pytest.fixture
def foreign(world, api):
    """A ticket of Acme's with everything it can have; and what the parameters of each address would be."""
    filed = ticket(world, component=world.components["acme"], external_reference="INC-1")
    said = message(world, filed, "marek", body="secretword")
    sent = send_form(api(world.acme), at(filed, "files"), file=upload("secretname.txt")).json()["id"]
    component = world.components["acme"]
    dirk = world.actor("dirk")
    with work_unit(dirk.context) as unit:
        asked = propose_severity(actor=dirk, ticket=filed, to=3, reason="secretwish", now=unit.now)
    returned = requested(world, component, filed.reported_at, ticket=filed).rma
    with work_unit(Context("staff")):
        record = SupplierRma.objects.create(
            rma=returned,
            supplier=world.forge,
            number="ACME-R1-1",
            state="SUBMITTED",
            product_sku=component.product.sku,
            product_name=component.product.name,
            serial=component.serial,
            symptom="secretsymptom",
            ticket_reference=filed.reference,
            updated_at=filed.reported_at,
        )
    return {
        **webhook_of(world.acme, "secrethook"),
        "rma": returned.reference,
        "pool-unit": shelved(chicago(), component.product, "secretspare").pk,
        "supplier-return": record.pk,
        "reference": filed.reference,
        "number": asked.number,
        "message": said.pk,
        "file": sent,
        "component": component.pk,
        "site": component.site_id,
    }


def id_of(path: str, foreign: dict[str, Any]) -> Any:
    for name in ("message", "file", "component", "site", "pool-unit", "supplier-return"):
        if f"{name}s/{{id}}" in path:
            return foreign[name]
    return ""


def call(program: Any, method: str, path: str, values: dict[str, Any], **headers: str) -> Any:
    address = path.format(**values)
    body = BODIES.get((method, path))
    if body == "form":
        return program.post(address, {"file": upload()}, content_type=MULTIPART_CONTENT, headers=headers)
    return getattr(program, method)(address, *([body] if body is not None else []), headers=headers)


def everything() -> tuple[Any, ...]:
    with work_unit(Context("staff")):
        return (
            list(Ticket.objects.order_by("pk").values_list("reference", "version", "state", "subject")),
            Message.objects.count(),
            Attachment.objects.count(),
            AuditEvent.objects.count(),
            list(Rma.objects.values_list("state", "version")),
            list(PoolUnit.objects.values_list("state", flat=True)),
            list(SupplierRma.objects.values_list("state", "version")),
            list(WebhookEndpoint.objects.values_list("state", "version", "description")),
            WebhookDelivery.objects.count(),
        )


def test_every_address_that_takes_a_body_is_called_with_one():
    assert {address for address in WITH_NAMES if address[0] != "get"} == BODIES.keys()


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("method, path", WITH_NAMES)
def test_what_is_not_ours_does_not_exist(world, api, foreign, who, method, path):
    program = api(getattr(world, who))
    before = everything()
    nobodys = dict.fromkeys(("id", "endpoint_id", "delivery_id"), NOBODYS)
    # A customer gives tickets to nobody, its own neither, and only roZoom promises: that is said before anything is looked up.
    never = (path.endswith("/assignment/") and who != "nova") or (path.endswith("/promise/") and method == "post")
    for headers in ({}, if_match(3), KEY):
        there = call(program, method, path, {**foreign, "id": id_of(path, foreign)}, **headers)
        missing = call(
            program, method, path, {"reference": "ZZZZ-1", "number": 7, "rma": "ZZZZ-R1", **nobodys}, **headers
        )
        assert there.status_code == (403 if never or path.startswith(INSIDE) else 404)
        assert there.content == missing.content
        differing = {"X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset"}
        assert {k: v for k, v in there.items() if k not in differing} == {
            k: v for k, v in missing.items() if k not in differing
        }
    assert everything() == before


@pytest.mark.parametrize("method, path", WITH_NAMES)
def test_the_owner_is_let_in_by_the_same_call(world, api, foreign, method, path):
    """So that the refusals above are refusals of strangers, not of a wrong call."""
    promises = method == "post" and path.endswith("/promise/")
    with work_unit(Context("staff")):
        found = Ticket.objects.filter(reference=foreign["reference"])
        found.update(covered=not promises)
        version = found.get().version
    values = {**foreign, "id": id_of(path, foreign)}
    owner = world.rozoom if promises else world.delta
    if "{number}" in path:
        version = 1  # of the proposal; Delta made it, so that Acme answers
        owner = world.acme if path.endswith("/answer/") else world.delta
    elif "{rma}" in path:
        with work_unit(Context("staff")):
            version = Rma.objects.get().version
    elif "/webhook-endpoints/" in path:
        version, owner = 1, world.acme
    elif path.startswith(INSIDE):
        version, owner = 1, world.forge if "supplier" in path else world.rozoom
    assert call(api(owner), method, path, values, **if_match(version)).status_code in (200, 201)


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("path", [path for method, path in ADDRESSES if method == "get" and "{" not in path])
def test_lists_hold_nothing_foreign(world, api, foreign, who, path):
    content = api(getattr(world, who)).get(path).content.decode()
    for word in ("ACME", "secret", str(foreign["component"]), str(foreign["site"])):
        assert word not in content


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize(
    "query",
    ["customer=ACME", "external_reference=INC-1", "q=secretword", "q=ACME-1", "component={component}", "site={site}"],
)
def test_no_filter_reaches_over(world, api, foreign, who, query):
    answer = api(getattr(world, who)).get(f"/api/v1/tickets/?{query.format(**foreign)}")
    assert answer.json() == {"next": None, "previous": None, "results": []}


def test_a_customer_that_moved_is_seen_by_its_new_reseller_alone(world, api, foreign):
    with work_unit(Context("staff")):
        world.acme.reseller = world.nova
        world.acme.save(update_fields=["reseller"])
    path = at(foreign["reference"])
    assert api(world.delta).get(path).status_code == 404
    assert api(world.nova).get(path).json()["reseller"] == "NOVA"
    assert api(world.delta).get("/api/v1/tickets/").json()["results"] == []


def test_a_stranger_can_not_find_out_by_filing(world, api, foreign):
    """Naming foreign things in a report gets the words that unknown ones get, whatever else stands in it."""
    program = api(world.bolt)
    named = program.post("/api/v1/tickets/", report(component=str(foreign["component"]), site=str(foreign["site"])))
    unknown = program.post("/api/v1/tickets/", report(component=NOBODYS, site=NOBODYS))
    assert named.status_code == 422
    assert named.content == unknown.content
