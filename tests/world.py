"""The cast every test knows: roZoom, two resellers, three customers, a supplier, and an outsider for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.utils import timezone
from factory.django import DjangoModelFactory

from contracts.models import Component, Product, Site, normal_serial
from tenancy.actor import Actor
from tenancy.context import Context, Unit, as_login_role, work_unit
from tenancy.identity import hash_secret, new_secret
from tenancy.models import ApiToken, Kind, Membership, Organisation, Person, Role, Team
from tickets.models import Channel, MessageKind, Ticket
from tickets.services import Report, add_message, file_ticket
from tickets.severity import Impact

PASSWORD = "correct horse battery staple"
STAFF = Context("staff")
SEVERITY_1 = Impact("complete", "no", "stopped", True)
SEVERITY_2 = Impact("severe", "no", "degraded", False)
SEVERITY_3 = Impact("minor", "yes", "normal", False)
IMPACTS = {1: SEVERITY_1, 2: SEVERITY_2, 3: SEVERITY_3}
ALL_SCOPES = [
    "tickets:read", "tickets:write", "tickets:answer", "notes:write", "components:read", "webhooks:manage",
    "returns:read", "returns:write", "returns:manage", "supplier-returns:read", "supplier-returns:write",
    "pool:read", "pool:write", "carrier-events:write",
]  # fmt: skip


@contextmanager
def ensure_context(ctx: Context) -> Iterator[Unit]:
    """Join the current context if there is one, else open a unit."""
    unit: Unit | None = connection.unit  # type: ignore[attr-defined]
    if unit is not None and unit.ctx is not None:
        yield unit
    else:
        with work_unit(ctx) as unit:
            yield unit


class TenantFactory(DjangoModelFactory):
    """Rows are made as staff unless the test already stands in a context (with work_unit(...): SiteFactory())."""

    class Meta:
        abstract = True

    @classmethod
    def _generate(cls, strategy: str, params: dict[str, Any]) -> Any:
        with ensure_context(STAFF):
            return super()._generate(strategy, params)


class OrganisationFactory(TenantFactory):
    class Meta:
        model = Organisation

    kind = Kind.CUSTOMER
    code = factory.Sequence("ORG{}".format)
    name = factory.LazyAttribute(lambda o: o.code.title())


class ProductFactory(TenantFactory):
    class Meta:
        model = Product
        django_get_or_create = ("sku",)

    sku = "DC-7"
    name = "Drive controller DC-7"
    kind = Product.Kind.HARDWARE


class SiteFactory(TenantFactory):
    class Meta:
        model = Site

    name = factory.Sequence("Site {}".format)
    time_zone = "Europe/Berlin"


class ComponentFactory(TenantFactory):
    class Meta:
        model = Component

    product = factory.SubFactory(ProductFactory)
    serial = factory.Sequence("7F-{:04d}".format)
    serial_normal = factory.LazyAttribute(lambda o: normal_serial(o.serial))
    site = factory.SubFactory(SiteFactory, customer=factory.SelfAttribute("..customer"))


def person(organisation: Organisation, role: str, name: str, email: str = "") -> Membership:
    """A person with a password and one membership."""
    email = email or f"{name.lower().replace(' ', '.')}@{organisation.code.lower()}.example"
    someone = Person.objects.create_user(email, PASSWORD, name=name)
    return Membership.objects.create(
        organisation=organisation, person=someone, role=role, person_name=name, person_email=email
    )


def token(organisation: Organisation, scopes: list[str] | None = None, **fields: Any) -> str:
    """An API token of the organisation, in the clear."""
    secret = new_secret()
    with ensure_context(STAFF):
        ApiToken.objects.create(
            organisation=organisation,
            name=fields.pop("name", f"{organisation.code} program"),
            prefix=secret[:8],
            secret_hash=hash_secret(secret),
            scopes=ALL_SCOPES if scopes is None else scopes,
            created_by_name="Test",
            expires_at=fields.pop("expires_at", timezone.now() + timedelta(days=30)),
            **fields,
        )
    return secret


@dataclass
class World:
    """Delta serves Acme; Nova serves Bolt; Solo buys from roZoom itself; Forge makes components."""

    rozoom: Organisation
    delta: Organisation
    nova: Organisation
    acme: Organisation
    bolt: Organisation
    solo: Organisation
    forge: Organisation
    people: dict[str, Membership] = field(default_factory=dict)
    components: dict[str, Component] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        """world.ilse is the membership of Ilse."""
        people = self.__dict__.get("people", {})
        if name in people:
            return people[name]
        raise AttributeError(name)

    def actor(self, name: str) -> Actor:
        return Actor.of_membership(self.people[name])

    def client(self, name: str, **extra: Any) -> Client:
        """A signed-in browser of this person, without JavaScript."""
        client = Client(**extra)
        client.force_login(self.people[name].person)
        return client


# name: (organisation, role)
PEOPLE = {
    "ilse": ("acme", Role.MEMBER),
    "ana": ("acme", Role.CUSTOMER_ADMINISTRATOR),
    "bob": ("bolt", Role.MEMBER),
    "sol": ("solo", Role.MEMBER),
    "dirk": ("delta", Role.RESELLER_AGENT),
    "dora": ("delta", Role.RESELLER_MANAGER),
    "nils": ("nova", Role.RESELLER_AGENT),
    "marek": ("rozoom", Role.AGENT),
    "rita": ("rozoom", Role.AGENT),
    "duty": ("rozoom", Role.DUTY_MANAGER),
    "adam": ("rozoom", Role.ADMINISTRATOR),
    "fin": ("rozoom", Role.FINANCE),
    "cora": ("rozoom", Role.COORDINATOR),
    "sam": ("forge", Role.CLERK),
}


def make_world() -> World:
    """Many rows a statement: nearly every test begins with this."""
    with work_unit(STAFF):
        make = OrganisationFactory.build
        operator, delta, nova = Organisation.objects.bulk_create(
            [
                make(kind=Kind.OPERATOR, code="ROZOOM", name="roZoom"),
                make(kind=Kind.RESELLER, code="DELTA", name="Delta Reseller", time_zone="Europe/Berlin"),
                make(kind=Kind.RESELLER, code="NOVA", name="Nova Systems"),
            ]
        )
        acme, bolt, solo, forge = Organisation.objects.bulk_create(
            [
                make(code="ACME", name="Acme Lifts", reseller=delta, time_zone="Europe/Berlin"),
                make(code="BOLT", name="Bolt Works", reseller=nova),
                make(code="SOLO", name="Solo Mills", reseller=operator),
                make(kind=Kind.SUPPLIER, code="FORGE", name="Forge Components"),
            ]
        )
        world = World(operator, delta, nova, acme, bolt, solo, forge)
        with as_login_role():
            world.people.update(_people(world))
        sites = Site.objects.bulk_create(
            [SiteFactory.build(customer=one, name=f"{one.name} main site") for one in (acme, bolt, solo)]
        )
        product = ProductFactory()
        world.components = dict(
            zip(
                ("acme", "bolt", "solo"),
                Component.objects.bulk_create(
                    [
                        ComponentFactory.build(customer=site.customer, site=site, product=product, location="Rack 4")
                        for site in sites
                    ]
                ),
                strict=True,
            )
        )
        Team.objects.create(name="Drives", lead=world.people["duty"])
    return world


def _people(world: World) -> Iterator[tuple[str, Membership]]:
    password = _hash_of_the_password()
    persons = Person.objects.bulk_create(
        [Person(email=f"{name}@test.example", name=f"{name.title()} Test", password=password) for name in PEOPLE]
    )
    memberships = Membership.objects.bulk_create(
        [
            Membership(
                organisation=getattr(world, organisation),
                person=one,
                role=role,
                person_name=one.name,
                person_email=one.email,
            )
            for one, (organisation, role) in zip(persons, PEOPLE.values(), strict=True)
        ]
    )
    return zip(PEOPLE, memberships, strict=True)


@cache
def _hash_of_the_password() -> str:
    return make_password(PASSWORD)


def ticket(
    world: World,
    by: str = "ilse",
    *,
    severity: int = 2,
    subject: str = "Lift 2 stands still",
    description: str = "It stopped between floors.",
    now: datetime | None = None,
    **report: Any,
) -> Ticket:
    """A ticket filed through the service by this person for their customer.

    With `now`, in the worker's role: a tenant's own promise always counts from the database's clock.
    """
    actor = world.actor(by)
    with work_unit(Context("worker") if now else actor.context) as unit:
        return file_ticket(
            actor=actor,
            customer=Organisation.objects.get(pk=world.people[by].organisation_id),
            report=Report(subject=subject, description=description, impact=IMPACTS[severity], **report),
            channel=Channel.PORTAL,
            now=now or unit.now,
        )


def message(
    world: World,
    on: Ticket,
    by: str = "marek",
    body: str = "We are looking at it.",
    kind: str = MessageKind.PUBLIC,
    **more: Any,
) -> Any:
    """A message written through the service."""
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return add_message(
            actor=actor, ticket=on, kind=MessageKind(kind), body=body, now=more.pop("now", None) or unit.now, **more
        )
