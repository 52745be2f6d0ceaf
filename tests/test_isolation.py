"""Every address x every role x other tenants' objects: the same answer as for an object that does not exist.

The addresses come from the URL configuration itself. One whose parameters nobody explained here fails the test, so a new
route cannot be forgotten.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from difflib import unified_diff
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from contracts import services
from contracts.models import BankLine, Component, ImportRun, PriceListEntry
from notifications.models import Notice
from rma.models import Rma, Shipment, SupplierRma
from tenancy.context import Context, as_login_role, work_unit
from tenancy.identity import hash_secret, new_secret
from tenancy.models import ApiToken, Invitation, Kind, Membership, Organisation
from tests.contracts.deals import ago, warranty
from tests.contracts.voids import appealed, voided
from tests.notifications.webhooks.rows import webhook_of
from tests.rma.deals import requested
from tests.rma.places import chicago, shelved
from tests.world import ALL_SCOPES, ComponentFactory, OrganisationFactory, World, message, ticket, token
from tickets.files import check_files
from tickets.models import Attachment, IncomingMail, TicketDraft
from tickets.services import propose_severity

NOBODYS = UUID("018f0000-0000-7000-8000-00000000dead")
# Addresses without a tenant's object in them, reachable without a tenant: sign-in, health, descriptions.
WITHOUT_TENANT = re.compile(
    r"^(accounts/|healthz$|readyz$|health/lateness$|styleguide/|api/docs/|api/v1/openapi\.json|$)"
)
ADMIN = re.compile(r"^admin/")
# Secrets in an address are not objects of a tenant: knowing one is the right to use it (tests/tenancy).
BY_SECRET = {"tenancy:invitation", "notifications:stop"}


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    parameters: tuple[str, ...]


def routes() -> Iterator[Route]:
    def walk(patterns: list[Any], prefix: str, namespace: str) -> Iterator[Route]:
        for one in patterns:
            path = prefix + str(one.pattern)
            if isinstance(one, URLResolver):
                inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
                yield from walk(one.url_patterns, path, inner)
            elif isinstance(one, URLPattern):
                yield Route(f"{namespace}{one.name}", path, tuple(one.pattern.converters) or named_groups(path))

    yield from walk(get_resolver().url_patterns, "", "")


def named_groups(path: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\(\?P<(\w+)>", path))


def all_parameters(path: str) -> tuple[str, ...]:
    return tuple(re.findall(r"<(?:\w+:)?(\w+)>", path)) or named_groups(path)


def fill(path: str, values: dict[str, Any]) -> str:
    """The address with its parameters filled in; regular expressions of the API's routes become plain paths."""
    path = path.replace("\\.", ".").replace("^", "").replace("$", "").replace("/?", "/").replace("\\Z", "")
    path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda m: str(values[m[1]]), path)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(values[m[1]]), path)


TENANT_ROUTES = [
    r for r in routes() if not WITHOUT_TENANT.match(r.path) and not ADMIN.match(r.path) and r.name not in BY_SECRET
]
# What fills a parameter that is no object: any valid word, the same for the foreign and the missing object.
WORDS = {
    "kind": "public",
    "move": "withdraw",
    "name": "withdraw",
    "action": "withdraw",
    "step": "check",
    "version": "1",
    "format": "json",
    "rota": "managers",
    "change": "1",
    "severity": "1",
    "number": "1",  # of a proposal; the ticket before it is the object
    "deed": "cancel",  # of a return, which stands before it
    "work": "refuse",  # of a supplier's record, which stands before it
    "day": "2036-11-27",
}
OBJECTS = {
    "reference", "draft_id", "file_id", "component_id", "site_id", "message_id", "membership_id", "invitation_id", "token_id",
    "pk", "id", "person_id", "ticket", "run_id", "line_id", "notice_id",
    "endpoint_id", "delivery_id",
    "void_id", "mail_id", "agreement_id", "term_id", "invoice_id", "payment_id", "credit_id", "request_id", "rma",
    "record", "box", "sku", "serial",
    "calendar_id", "warehouse_id", "unit_id", "product_id",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_rate_limits(settings: Any) -> None:
    """The sweep asks more often than a program may."""
    settings.LIMITS = {**settings.LIMITS, "requests_per_minute": 10**6, "writes_per_minute": 10**6}


@pytest.fixture
def foreign(world: World) -> dict[str, Any]:
    """Bolt's objects, of every kind that can stand in an address. Acme, Delta and Acme's program must not reach one."""
    filed = ticket(world, "bob", component=world.components["bolt"])
    note = message(world, filed, "bob", "See file.", files=check_files([SimpleUploadedFile("a.log", b"bolt only")]))
    bob = world.actor("bob")
    with work_unit(bob.context) as unit:
        propose_severity(actor=bob, ticket=filed, to=1, reason="Bolt only", now=unit.now)
    with work_unit(bob.context) as unit:
        draft = TicketDraft.objects.create(customer=world.bolt, person_id=bob.person_id, updated_at=unit.now)
    secret = new_secret()
    token(world.bolt)
    with work_unit(Context("staff")):
        invitation = Invitation.objects.create(
            organisation=world.bolt,
            email="new@bolt.example",
            role="member",
            secret_hash=hash_secret(secret),
            invited_by_name="Bob",
            expires_at=filed.response_due_at,
        )
        with as_login_role():
            keys = {
                "membership_id": Membership.objects.get(person_name="Bob Test").pk,
                "token_id": ApiToken.objects.get(organisation=world.bolt).pk,
            }
        file_id = Attachment.objects.get(message=note).pk
        component = world.components["bolt"]
        run, line = imported()
        warehouse = chicago()
        unit = shelved(warehouse, component.product, "BOLT-SPARE")
    returned = requested(world, component, filed.reported_at, "bob", ticket=filed).rma
    with work_unit(Context("worker")):
        notice = Notice.objects.create(
            customer=world.bolt,
            event_id=1,
            topic="ticket.moved",
            organisation=world.bolt,
            person_id=bob.person_id,
            party="customer",
            title="Bolt only",
            path=f"/tickets/{filed.reference}/",
            created_at=filed.reported_at,
        )
        mail = IncomingMail.objects.create(
            door="smtp",
            size=1,
            sha256="0" * 64,
            outcome="held",
            subject="Bolt only",
            customer_id=filed.customer_id,
            reseller_id=filed.reseller_id,
            ticket=filed,
        )
    return {
        **webhook_of(world.bolt, "Bolt only"),
        **sold(world),
        "void_id": made_void(world),
        **supplied(returned),
        "rma": returned.reference,
        "mail_id": mail.pk,
        "run_id": run.pk,
        "warehouse_id": warehouse.pk,
        "unit_id": unit.pk,
        "product_id": component.product_id,
        "calendar_id": warehouse.calendar_id,
        "line_id": line.pk,
        **WORDS,
        "notice_id": notice.pk,
        **keys,
        "reference": filed.reference,
        "ticket": filed.reference,
        "draft_id": draft.pk,
        "file_id": file_id,
        "message_id": note.pk,
        "invitation_id": invitation.pk,
        "component_id": component.pk,
        "site_id": component.site_id,
        "person_id": bob.person_id,
    }


def supplied(rma: Rma) -> dict[str, Any]:
    """What is between roZoom and another supplier about Bolt's return, and the box it comes back in."""
    with work_unit(Context("staff")):
        anvil = OrganisationFactory(kind=Kind.SUPPLIER, code="ANVIL", name="Anvil Works")
        component = Component.objects.select_related("product").get(pk=rma.component_id)
        record = SupplierRma.objects.create(
            rma=rma,
            supplier=anvil,
            number="BOLT-R1-1",
            state="SUBMITTED",
            product_sku=component.product.sku,
            product_name=component.product.name,
            serial=component.serial,
            symptom="Bolt only",
            ticket_reference=rma.ticket.reference,
            updated_at=rma.updated_at,
        )
        box = Shipment.objects.create(
            kind="DEFECTIVE_RETURN", rma=rma, supplier_rma=record, from_name="Bolt", to_name="roZoom"
        )
    return {"record": record.pk, "box": box.pk, "sku": component.product.sku, "serial": component.serial}


def imported() -> tuple[ImportRun, BankLine]:
    """A bank's export with a line of Bolt's: roZoom's own, and nobody else's."""
    now = datetime.now(UTC)
    run = ImportRun.objects.create(
        kind="PAYMENTS",
        state="DONE",
        file_name="bolt.csv",
        stored_as="imports/x",
        sha256="0" * 64,
        size=1,
        created_at=now,
    )
    line = BankLine.objects.create(
        run=run, line=2, fingerprint="0" * 64, booked_on=now, amount=1, currency="EUR", payer="Bolt", state="UNMATCHED"
    )
    return run, line


def sold(world: World) -> dict[str, Any]:
    """Bolt's agreement, sold by its reseller: ordered, a part paid, a part credited; and a question about it."""
    fin, bob, component = world.actor("fin"), world.actor("bob"), world.components["bolt"]
    with work_unit(Context("staff")) as unit:
        now, day = unit.now, unit.now.date()
        bolt, nova = (Organisation.objects.get(pk=one.pk) for one in (world.bolt, world.nova))
        second = ComponentFactory(customer=world.bolt, site=component.site)
        PriceListEntry.objects.create(
            product=component.product, currency="USD", list_price=1000, valid_from=day.replace(year=2020)
        )
        offer = services.Offer(bolt, [component, second], services.years_from(day, 1), "USD")
        term = services.make_quote(actor=fin, offer=offer, sold_by=nova, on=day, now=now)
        term, invoice = services.order(actor=fin, term=term, purchase_order="PO-BOLT", on=day, now=now)
        payment = services.record_payment(actor=fin, invoice=invoice, amount=Decimal(10), value_date=day, now=now)
        note = services.remove_component(actor=fin, term=term, component=second, on=day, reason="Sold", now=now)
        assert note is not None
    with work_unit(bob.context) as unit:
        request = services.ask_for_quote(
            actor=bob, customer=world.bolt, components=[component], text="Bolt asks", now=unit.now
        )
    return {
        "agreement_id": term.agreement_id,
        "term_id": term.pk,
        "invoice_id": invoice.pk,
        "payment_id": payment.pk,
        "credit_id": note.pk,
        "request_id": request.pk,
    }


def made_void(world: World) -> UUID:
    """A warranty of Bolt's, void and appealed."""
    with work_unit(Context("staff")) as unit:
        now = unit.now
    row = warranty(world.components["bolt"], ago(now, 9), ago(now, -9))
    return appealed(world, voided(world, row, now), now, by="bob").pk


def missing(values: dict[str, Any]) -> dict[str, Any]:
    """The same parameters, of objects that do not exist."""
    gone = dict(values)
    for name in OBJECTS & values.keys():
        gone[name] = (
            NOBODYS if isinstance(values[name], UUID) else 987654321 if isinstance(values[name], int) else "BOLT-987"
        )
    return gone


# What `pk` and `id` mean, by the part of the address right before them.
ABOUT = {
    "people/": "membership_id",
    "invitations/": "invitation_id",
    "messages/": "message_id",
    "tokens/": "token_id",
    "components/": "component_id",
    "sites/": "site_id",
    "files/": "file_id",
    "supplier-returns/": "record",
    "pool-units/": "unit_id",
}


def values_for(route: Route, values: dict[str, Any]) -> dict[str, Any]:
    if not {"pk", "id"} & set(all_parameters(route.path)):
        return values
    before = re.split(r"<(?:\w+:)?(?:pk|id)>|\(\?P<(?:pk|id)>", route.path)[0]
    about = next((name for part, name in ABOUT.items() if before.endswith(part)), None)
    assert about, f"say in ABOUT of which object this is the key: {route.path}"
    return {**values, "pk": values[about], "id": values[about]}


def test_every_parameter_is_explained() -> None:
    known = OBJECTS | WORDS.keys()
    unknown = {(r.name, p) for r in TENANT_ROUTES for p in all_parameters(r.path) if p not in known}
    assert not unknown, f"say in this file what these parameters mean: {unknown}"
    assert {route.name for route in routes()} >= BY_SECRET, "an exception for an address that is gone"


def test_a_key_is_that_of_the_object_right_before_it() -> None:
    keys = {name: name for name in ABOUT.values()}
    about = {
        route.path: values_for(route, keys)["pk"]
        for route in TENANT_ROUTES
        if {"pk", "id"} & set(all_parameters(route.path))
    }
    assert about["people/invitations/<int:pk>/resend/"] == "invitation_id"
    assert about["people/<int:pk>/"] == "membership_id"
    assert next(name for path, name in about.items() if "/messages/(" in path) == "message_id"
    with pytest.raises(AssertionError, match="say in ABOUT"):
        values_for(Route("new", "lifts/<uuid:pk>/", ("pk",)), keys)


def test_the_sweep_sees_the_product() -> None:
    names = {route.name for route in TENANT_ROUTES}
    assert {"portal:ticket", "portal:file", "desk:ticket"} <= names
    assert sum(route.path.startswith("api/v1/") for route in TENANT_ROUTES) >= 10


def body_of(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode(errors="replace")


def normal(text: str, address: str, names: list[str]) -> str:
    """Without what differs from request to request, times and tokens, and without the names of the objects asked for."""
    text = text.replace(address, "ADDRESS")
    for name in names:
        text = text.replace(name, "OBJECT") if len(name) > 12 else text
    text = re.sub(r"\b\d{13}\b", "MILLISECONDS", re.sub(r"Printed [^<]+ by", "Printed by", text))
    text = re.sub(r"\b[0-9a-f]{12}\b", "REQUEST", text)
    text = re.sub(r"\b[A-Za-z0-9]{32}(?:[A-Za-z0-9]{32})?\b", "TOKEN", text)
    for name in names:  # after the tokens, which may well have the digits of a short key in them
        text = re.sub(rf"\b{re.escape(name)}\b", "OBJECT", text) if len(name) > 3 else text
    return text


def complaints(
    client: Any, routes: list[Route], methods: list[str], foreign: dict[str, Any], **extra: Any
) -> list[str]:
    """Every route and method where the foreign object answers otherwise than a missing one."""
    found = []
    for route in routes:
        here, gone = values_for(route, foreign), values_for(route, missing(foreign))
        # The names of both, taken out of both: a key may by chance equal a number that stands on every page.
        names = sorted({str(value) for value in (*here.values(), *gone.values())}, key=len, reverse=True)
        for method in methods:
            told = []
            for address in (fill(route.path, here), fill(route.path, gone)):
                response = getattr(client, method)(address, {}, **extra)
                told.append((response.status_code, normal(body_of(response), address, names).splitlines()))
            if told[0] != told[1]:
                found.append(f"{method} {route.path} tells that it exists: {difference(*told)}")
            elif told[0][0] not in SAME_FOR_ALL:
                found.append(f"{method} {route.path} answered {told[0][0]}")
    return found


def difference(here: tuple[int, list[str]], gone: tuple[int, list[str]]) -> str:
    lines = "\n".join(unified_diff(here[1], gone[1], n=0, lineterm=""))
    return f"{here[0]}, {gone[0]}\n{lines}"


# A view may answer 405 before it looks for the object, 415 to a body of no kind it reads, 403 to a role without the right.
SAME_FOR_ALL = {403, 404, 405, 415}
WITH_OBJECT = [route for route in TENANT_ROUTES if all_parameters(route.path)]
PAGES = [route for route in WITH_OBJECT if not route.path.startswith("api/")]
API = [route for route in WITH_OBJECT if route.path.startswith("api/")]


@pytest.mark.parametrize("name", ["ilse", "ana", "dirk", "dora", "sol", "sam"])
def test_a_person_gets_the_answer_of_a_missing_object(world: World, foreign: dict[str, Any], name: str) -> None:
    assert complaints(world.client(name), PAGES, ["get", "post"], foreign) == []


@pytest.mark.parametrize("organisation", ["acme", "delta", "solo", "forge"])
def test_a_program_gets_the_answer_of_a_missing_object(
    world: World, foreign: dict[str, Any], api: Any, organisation: str
) -> None:
    program = api(getattr(world, organisation), ALL_SCOPES)
    methods = ["get", "post", "patch", "put", "delete"]
    assert complaints(program, API, methods, foreign, headers={"if-match": '"1"'}) == []


# Fields in which a form takes an object, and what they hold for Bolt's.
def named_by(values: dict[str, Any]) -> dict[str, str]:
    fields = {
        "customer": values["customer"],
        "component": values["component_id"],
        "components": values["component_id"],
        "request": values["request_id"],
        "sites": values["site_id"],
        "site": values["site_id"],
        "ship_to": values["site_id"],
        "assignee": values["membership_id"],
        "membership": values["membership_id"],
        "into": values["reference"],
        "besides": values["reference"],
    }
    return {name: str(value) for name, value in fields.items()}


FILLED_IN = {
    "version": "1",
    "turn": "customer",
    "reason": "It was the fuse",
    "text": "Sent",
    "role": "member",
    "email": "x@y.example",
}


def own_objects(world: World, name: str, foreign: dict[str, Any]) -> dict[str, Any]:
    """What this person may well ask for: what stands in the address, while the form names another's."""
    component, site = world.components["acme"], world.components["acme"].site
    filed = ticket(world, component=component)
    file = message(world, filed, "ilse", "See file.", files=check_files([SimpleUploadedFile("b.log", b"ours")]))
    actor = world.actor(name)
    with work_unit(actor.context) as unit:
        answers = {"component": str(component.pk), "site": str(site.pk)}
        own = {"person_id": actor.person_id, "updated_at": unit.now, "answers": answers}
        draft = TicketDraft.objects.create(customer=world.acme, **own)
        file_id = Attachment.objects.get(message=file).pk
    return {
        **foreign,
        "customer": "ACME",
        "reference": filed.reference,
        "ticket": filed.reference,
        "rma": requested(world, component, filed.reported_at, name, ticket=filed).rma.reference,
        "draft_id": draft.pk,
        "file_id": file_id,
        "message_id": file.pk,
        "component_id": component.pk,
        "site_id": site.pk,
        "membership_id": world.people[name].pk,
    }


def told_after(client: Client, address: str, body: dict[str, str], names: list[str]) -> tuple[int, list[str]]:
    """The answer to a form, with what it did taken back, to the session too."""
    before, cookies = transaction.savepoint(), deepcopy(client.cookies)
    response = client.post(address, {**FILLED_IN, **body})
    transaction.savepoint_rollback(before)
    client.cookies = cookies
    text = "\n".join((response.get("Location", ""), body_of(response)))
    made = r"\bm?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b"  # keys of what this very form began
    return response.status_code, re.sub(made, "MADE", normal(text, address, names)).splitlines()


# Forms that must take an object of one's own, or the sweep below would prove nothing.
LISTENS = {
    "ana": {"portal:new", "portal:step_component", "portal:step_site", "contracts:ask"},
    "dora": {"portal:new", "portal:step_component", "portal:step_site", "desk:assign", "contracts:new_quote"},
}


@pytest.mark.parametrize("name", LISTENS)
def test_a_form_that_names_a_foreign_object_gets_the_answer_of_a_missing_one(
    world: World, foreign: dict[str, Any], name: str
) -> None:
    own = own_objects(world, name, foreign)
    other = {**foreign, "customer": "BOLT"}
    named = [named_by(values) for values in (other, {**missing(other), "customer": "NONE"}, own)]
    removed = [{"remove": str(key)} for key in (foreign["file_id"], NOBODYS)]  # a button of its own
    found, listening, client = [], set(), world.client(name)
    for route in TENANT_ROUTES:
        if route.path.startswith("api/"):
            continue
        values = values_for(route, own)
        names = sorted({*map(str, values.values()), *(v for one in named for v in one.values())}, key=len, reverse=True)

        def told(body: dict[str, str]) -> tuple[int, list[str]]:
            return told_after(client, fill(route.path, values), body, names)  # noqa: B023 (called in this round)

        for there, gone in (named[:2], removed):
            pair = told(there), told(gone)
            # A whole page says "1 min ago", which may change between the two; what tells of an object stays.
            if pair[0] != pair[1] and (pair := (told(there), told(gone)))[0] != pair[1]:
                found.append(f"{route.path} tells that it exists: {difference(*pair)}")
        if route.name in LISTENS[name] and told(named[2])[0] != told(named[1])[0]:
            listening.add(route.name)
    assert found == []
    assert listening == LISTENS[name]


def test_a_stranger_sees_nothing(world: World, foreign: dict[str, Any]) -> None:
    seen = []
    for route in TENANT_ROUTES:
        response = Client().get(fill(route.path, values_for(route, foreign)))
        to_sign_in = response.status_code == 302 and response["Location"].startswith("/accounts/login/")
        refused = response.status_code in ({401, 404, 405} if route.path.startswith("api/") else {404, 405})
        if not (to_sign_in or refused):
            seen.append((route.path, response.status_code))
    assert seen == []


@pytest.mark.parametrize("name", ["ilse", "dirk", "nils", "sam"])
@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/tickets/ticket/", "/admin/tenancy/organisation/", "/admin/tenancy/person/"]
)
def test_only_rozooms_people_open_the_admin(world: World, name: str, path: str) -> None:
    response = world.client(name).get(path)
    assert response.status_code in {302, 403, 404}
    assert b"Bolt" not in response.content


LISTS = [route for route in TENANT_ROUTES if not all_parameters(route.path)]
OTHERS = ("Bolt", "BOLT", "Nova", "NOVA", "Solo", "SOLO")


@pytest.mark.parametrize("name", ["ilse", "ana", "dirk", "dora", "sam"])
def test_no_page_names_another_tenant(world: World, foreign: dict[str, Any], name: str) -> None:
    client, named = world.client(name), []
    for route in LISTS:
        if route.path.startswith("api/"):
            continue
        response = client.get(fill(route.path, {}), follow=True)
        named += [(route.path, word) for word in OTHERS if word in response.content.decode()]
    assert named == []


@pytest.mark.parametrize("organisation", ["acme", "delta"])
def test_no_api_list_names_another_tenant(world: World, foreign: dict[str, Any], api: Any, organisation: str) -> None:
    program, named = api(getattr(world, organisation), ALL_SCOPES), []
    for route in LISTS:
        if route.path.startswith("api/"):
            answer = program.get(fill(route.path, {}))
            assert answer.status_code in ({404} if ".*" in route.path else {200, 403, 405}), route.path
            words = (*OTHERS, str(foreign["component_id"]), str(foreign["site_id"]))
            named += [(route.path, word) for word in words if word in answer.content.decode()]
    assert named == []
