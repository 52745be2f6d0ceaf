"""What each scope opens, as a table against every address and method of the description."""

import json
from functools import cached_property

import pytest
from django.urls import reverse

from notifications.webhooks import services as webhooks
from rma import services
from tenancy.api.docs import description
from tenancy.capabilities import SCOPES
from tenancy.context import database_now, work_unit
from tenancy.models import Kind
from tests.api.calls import at, if_match, report, send_form, upload
from tests.rma.deals import STAFF, Stock, entitled, on_ticket, requested, staff
from tests.world import OrganisationFactory, message, ticket
from tickets.models import Ticket
from tickets.services import propose_severity

pytestmark = pytest.mark.django_db

RETURNS = "/api/v1/returns/"

READ = {"tickets:read"}
WRITE = {"tickets:read", "tickets:write"}
WEBHOOKS = (
    "list_webhook_endpoints",
    "make_webhook_endpoint",
    "read_webhook_endpoint",
    "change_webhook_endpoint",
    "rotate_webhook_secret",
    "remove_webhook_endpoint",
    "test_webhook_endpoint",
    "list_webhook_deliveries",
    "read_webhook_delivery",
    "replay_webhook_delivery",
    "replay_failed_webhooks",
)
ASK = {"returns:read", "returns:write"}
POOL = {"pool:read", "pool:write"}
# operation: the scopes it needs, all of them
NEEDS = {
    "list_tickets": READ,
    "file_ticket": {"tickets:write"},
    "read_ticket": READ,
    "change_ticket": WRITE,
    "move_ticket": WRITE,
    "assign_ticket": WRITE,
    "explain_promise": READ,
    "grant_promise": {"tickets:read", "tickets:answer"},
    "list_severity_proposals": READ,
    "propose_severity": WRITE,
    "read_severity_proposal": READ,
    "answer_severity_proposal": WRITE | {"tickets:answer"},  # for roZoom, whose answer was promised
    "withdraw_severity_proposal": WRITE,
    "list_messages": READ,
    "add_message": WRITE,
    "add_note": {"tickets:read", "notes:write"},
    "read_message": READ,
    "list_files": READ,
    "send_file": WRITE,
    "read_file": READ,
    "list_components": {"components:read"},
    "read_component": {"components:read"},
    "read_entitlement": {"components:read"},
    "list_coverage": {"components:read"},
    "list_sites": {"components:read"},
    "read_site": {"components:read"},
    "list_returns": {"returns:read"},
    "request_return": ASK | {"tickets:read"},
    "preview_return": ASK | {"tickets:read"},
    "read_return": {"returns:read"},
    "explain_return": {"returns:read"},
    "move_return": ASK,
    "list_supplier_returns": {"supplier-returns:read"},
    "read_supplier_return": {"supplier-returns:read"},
    "move_supplier_return": {"supplier-returns:read", "supplier-returns:write"},
    "list_pool_units": {"pool:read"},
    "receive_pool_unit": POOL,
    "read_pool_unit": {"pool:read"},
    "move_pool_unit": POOL,
    "report_carrier_events": {"carrier-events:write"},
    "read_attainment": READ,
    "read_ship_by": {"returns:read"},
    "read_token": set(),
    **{name: {"webhooks:manage"} for name in WEBHOOKS},
}


HOOKS = "/api/v1/webhook-endpoints/"


def make_webhook(world) -> tuple[str, str]:
    """roZoom's, with a test that waits: the addresses of both."""
    adam = world.actor("adam")
    with work_unit(adam.context) as unit:
        endpoint, _ = webhooks.make_endpoint(
            actor=adam, url="https://x.example/", events=["ticket.filed"], now=unit.now
        )
        sent = webhooks.send_test(actor=adam, endpoint=endpoint, now=unit.now)
    return f"{HOOKS}{endpoint.pk}/", f"{HOOKS}{endpoint.pk}/deliveries/{sent.pk}/"


class Returns:
    """What the calls about returns need, made when it is asked for."""

    def __init__(self, world):
        self.world = world
        with work_unit(STAFF):
            self.now = database_now()

    @property
    def asked(self):
        return {"ticket": on_ticket(self.world, self.world.components["acme"], self.now).reference}

    @property
    def rma(self):
        return requested(self.world, self.world.components["acme"], self.now).rma

    @property
    def record(self):
        Stock.of(self.world)
        rma = requested(self.world, entitled(self.world, self.now, paid=False), self.now).rma
        rma = staff(self.world, services.authorise, rma, self.now)
        with work_unit(STAFF):
            return f"/api/v1/supplier-returns/{rma.supplier_records.get().pk}/"

    @property
    def unit(self):
        return f"/api/v1/pool-units/{Stock.of(self.world).unit(self.now).pk}/"

    @property
    def new_unit(self):
        Stock.of(self.world)
        return {"pool": "CHI", "product": "DC-7", "serial": "NEW-1"}

    def move(self, program):
        rma = self.rma
        body = {"action": "cancel", "reason": "x"}
        return program.post(f"{RETURNS}{rma.reference}/transitions/", body, headers=if_match(rma.version))

    def acknowledge(self, program):
        body = {"action": "acknowledge", "supplier_number": "F-1"}
        return program.post(f"{self.record}transitions/", body, headers=if_match(1))


class Made:
    """What only some of the calls need, made when it is asked for."""

    def __init__(self, world):
        self.world = world

    @cached_property
    def other(self):
        other = ticket(self.world)
        with work_unit(STAFF):
            Ticket.objects.filter(pk=other.pk).update(covered=False)
        return other

    @cached_property
    def asked(self):
        return self.proposed("ilse")

    @cached_property
    def ours(self):
        return self.proposed("marek")

    def proposed(self, who):
        filed, actor = ticket(self.world), self.world.actor(who)
        with work_unit(actor.context) as unit:
            propose_severity(actor=actor, ticket=filed, to=3, reason="x", now=unit.now)
        return filed

    @cached_property
    def hook(self):
        return make_webhook(self.world)


@pytest.fixture
def calls(world, api):
    """Each operation as a call that succeeds when the token may."""
    filed = ticket(world)
    said = message(world, filed, "ilse")
    sent = send_form(api(world.rozoom), at(filed, "files"), file=upload()).json()["id"]
    component = world.components["acme"]
    version, first = if_match(3), if_match(1)
    made, back = Made(world), Returns(world)
    event = {"carrier": "UPS", "tracking_number": "1Z", "code": "SCAN", "at": "2026-11-01T10:00:00Z"}
    return {
        "list_returns": lambda p: p.get(RETURNS),
        "request_return": lambda p: p.post(RETURNS, back.asked),
        "preview_return": lambda p: p.post(f"{RETURNS}preview/", back.asked),
        "read_return": lambda p: p.get(f"{RETURNS}{back.rma.reference}/"),
        "explain_return": lambda p: p.get(f"{RETURNS}{back.rma.reference}/explain/"),
        "move_return": back.move,
        "list_supplier_returns": lambda p: p.get("/api/v1/supplier-returns/"),
        "read_supplier_return": lambda p: p.get(back.record),
        "move_supplier_return": back.acknowledge,
        "list_pool_units": lambda p: p.get("/api/v1/pool-units/"),
        "receive_pool_unit": lambda p: p.post("/api/v1/pool-units/", back.new_unit),
        "read_pool_unit": lambda p: p.get(back.unit),
        "move_pool_unit": lambda p: p.post(f"{back.unit}transitions/", {"action": "place", "place": "B-1"}),
        "report_carrier_events": lambda p: p.post("/api/v1/carrier-events/", {"events": [event]}),
        "list_webhook_endpoints": lambda p: p.get(HOOKS),
        "make_webhook_endpoint": lambda p: p.post(HOOKS, {"url": "https://a.example/x", "events": ["ticket.filed"]}),
        "read_webhook_endpoint": lambda p: p.get(made.hook[0]),
        "change_webhook_endpoint": lambda p: p.patch(made.hook[0], {"description": "x"}, headers=if_match(1)),
        "rotate_webhook_secret": lambda p: p.post(f"{made.hook[0]}rotation/", {}),
        "remove_webhook_endpoint": lambda p: p.post(f"{made.hook[0]}removal/", {}),
        "test_webhook_endpoint": lambda p: p.post(f"{made.hook[0]}test/", {}),
        "list_webhook_deliveries": lambda p: p.get(f"{made.hook[0]}deliveries/"),
        "read_webhook_delivery": lambda p: p.get(made.hook[1]),
        "replay_webhook_delivery": lambda p: p.post(f"{made.hook[1]}replay/", {}),
        "replay_failed_webhooks": lambda p: p.post(f"{made.hook[0]}replay/", {}),
        "list_severity_proposals": lambda p: p.get(at(made.asked, "severity-proposals")),
        "propose_severity": lambda p: p.post(at(made.other, "severity-proposals"), {"severity": 1, "reason": "x"}),
        "read_severity_proposal": lambda p: p.get(at(made.asked, "severity-proposals", "1")),
        "answer_severity_proposal": lambda p: p.post(
            at(made.asked, "severity-proposals", "1", "answer"), {"agrees": True}, headers=first
        ),
        "withdraw_severity_proposal": lambda p: p.post(
            at(made.ours, "severity-proposals", "1", "withdraw"), {}, headers=first
        ),
        "list_tickets": lambda p: p.get("/api/v1/tickets/"),
        "file_ticket": lambda p: p.post("/api/v1/tickets/", report(customer="ACME")),
        "read_ticket": lambda p: p.get(at(filed)),
        "change_ticket": lambda p: p.patch(at(filed), {"subject": "x"}, headers=version),
        "move_ticket": lambda p: p.post(at(filed, "transitions"), {"action": "begin"}, headers=version),
        "assign_ticket": lambda p: p.post(at(filed, "assignment"), {"assignee": "rita@test.example"}, headers=version),
        "explain_promise": lambda p: p.get(at(filed, "promise")),
        "grant_promise": lambda p: p.post(at(made.other, "promise"), {"reason": "x"}, headers=if_match(1)),
        "list_messages": lambda p: p.get(at(filed, "messages")),
        "add_message": lambda p: p.post(at(filed, "messages"), {"body": "x"}),
        "add_note": lambda p: p.post(at(filed, "messages"), {"body": "x", "kind": "internal"}),
        "read_message": lambda p: p.get(at(filed, "messages", str(said.pk))),
        "list_files": lambda p: p.get(at(filed, "files")),
        "send_file": lambda p: send_form(p, at(filed, "files"), file=upload()),
        "read_file": lambda p: p.get(f"/api/v1/files/{sent}/"),
        "list_components": lambda p: p.get("/api/v1/components/"),
        "read_component": lambda p: p.get(f"/api/v1/components/{component.pk}/"),
        "read_entitlement": lambda p: p.get(f"/api/v1/components/{component.pk}/entitlement/"),
        "list_coverage": lambda p: p.get("/api/v1/coverage/"),
        "list_sites": lambda p: p.get("/api/v1/sites/"),
        "read_site": lambda p: p.get(f"/api/v1/sites/{component.site_id}/"),
        "read_attainment": lambda p: p.get("/api/v1/reports/attainment/"),
        "read_ship_by": lambda p: p.get("/api/v1/reports/ship-by/"),
        "read_token": lambda p: p.get("/api/v1/me/"),
    }


def test_every_operation_stands_in_the_table():
    described = {
        one["operationId"] for methods in json.loads(description())["paths"].values() for one in methods.values()
    }
    assert described == NEEDS.keys() - {"add_note"}


@pytest.mark.parametrize("operation", NEEDS)
def test_the_scopes_it_needs_are_enough(world, api, calls, operation):
    asks = world.acme if operation in ("request_return", "preview_return") else world.rozoom  # people ask for roZoom
    answer = calls[operation](api(asks, scopes=sorted(NEEDS[operation])))
    assert answer.status_code in (200, 201), answer.content


@pytest.mark.parametrize(
    "operation, lacking", [(operation, scope) for operation, scopes in NEEDS.items() for scope in sorted(scopes)]
)
def test_without_one_of_them_it_is_refused(world, api, calls, operation, lacking):
    others = sorted(SCOPES.keys() - {lacking})
    answer = calls[operation](api(world.rozoom, scopes=others))
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert lacking in answer.json()["detail"]


@pytest.mark.parametrize("operation", NEEDS)
def test_a_token_without_scopes_opens_nothing_but_itself(world, api, calls, operation):
    answer = calls[operation](api(world.rozoom, scopes=[]))
    assert answer.status_code == (200 if operation == "read_token" else 403)


@pytest.mark.parametrize("operation", sorted(NEEDS.keys() - {"add_note"}))
def test_the_description_names_the_scopes(operation):
    described = {
        one["operationId"]: set(one["security"][0]["token"])
        for methods in json.loads(description())["paths"].values()
        for one in methods.values()
    }
    asked_by_body = {
        "add_message": {"tickets:write"},
        "send_file": {"tickets:write"},
        "answer_severity_proposal": {"tickets:answer"},  # of roZoom's token
    }.get(operation, set())
    assert described[operation] == NEEDS[operation] - asked_by_body


@pytest.mark.parametrize("kind", ["partner", "internal"])
def test_a_customer_writes_no_note_whatever_its_scopes(world, api, kind):
    filed = ticket(world)
    answer = api(world.acme).post(at(filed, "messages"), {"kind": kind, "body": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("operation", sorted(name for name in NEEDS if "supplier_return" not in name))
def test_a_supplier_has_no_part_in_tickets(world, api, calls, operation):
    supplier = OrganisationFactory(kind=Kind.SUPPLIER, code="PARTS")
    answer = calls[operation](api(supplier))
    if operation == "read_token":
        assert answer.json()["organisation"]["kind"] == "SUPPLIER"
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_what_is_refused_is_refused_before_it_is_looked_up(world, api):
    """403 for a ticket that is there and one that is not, so that no answer tells which."""
    filed = ticket(world)
    program = api(world.acme, scopes=["components:read"])
    assert program.get(at(filed)).content == program.get(at("ACME-99")).content


def test_addresses_have_names(world):
    assert reverse("api-tickets") == "/api/v1/tickets"
