"""Organisations, people, install base and tokens of the demo: made when missing, found again by code, address and serial."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password

from contracts.models import Component, Product, Site, normal_serial
from contracts.services import install_component
from rozoom_support.sample import cast, installed
from rozoom_support.sample.secrets import Kept
from tenancy.actor import Actor
from tenancy.context import as_login_role, database_now, work_unit
from tenancy.identity import hash_secret
from tenancy.models import ApiToken, Kind, Membership, Organisation, Person, Role, Team
from tenancy.queries import scopes_of_kind
from tenancy.services.customers import found_operator
from tenancy.services.tokens import make_token
from tickets.history.importing import STAFF

KEEP_AT_LEAST = timedelta(days=30)  # a token that ends sooner is made anew


@dataclass
class World:
    organisations: dict[str, Organisation] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    components: dict[str, Component] = field(default_factory=dict)

    def actor(self, key: str) -> Actor:
        return Actor.of_membership(self.members[key])


def make_world(kept: Kept) -> World:
    world = World()
    with work_unit(STAFF) as unit:
        assert unit.now is not None
        _organisations(world)
        _people(world, kept)
        _teams(world)
        _install_base(world, unit.now)
    return world


def _organisations(world: World) -> None:
    for one in cast.ORGANISATIONS:
        if one.kind == Kind.OPERATOR:
            world.organisations[one.code] = _operator(one)
            continue
        details: dict[str, Any] = {"name": one.name, "kind": one.kind, "time_zone": one.time_zone, "phone": one.phone}
        if one.reseller:
            details["reseller"] = world.organisations[one.reseller]
        world.organisations[one.code], _ = Organisation.objects.get_or_create(code=one.code, defaults=details)


def _operator(one: cast.Org) -> Organisation:
    """One that is there already keeps its zone and its phone."""
    is_new = not Organisation.objects.filter(kind=Kind.OPERATOR).exists()
    operator = found_operator(name=one.name, code=one.code)
    if is_new:
        operator.time_zone, operator.phone = one.time_zone, one.phone
        operator.save(update_fields=["time_zone", "phone"])
    return operator


def _people(world: World, kept: Kept) -> None:
    with as_login_role():
        encoded = _encoded(kept.password)
        for one in cast.PEOPLE:
            person, _ = Person.objects.get_or_create(email=one.email, defaults={"name": one.name, "password": encoded})
            if person.password != encoded:
                person.password = encoded
                person.save(update_fields=["password"])
            world.members[one.key], _ = Membership.objects.get_or_create(
                organisation=world.organisations[one.organisation],
                person=person,
                defaults={"role": one.role, "person_name": one.name, "person_email": one.email},
            )


def _encoded(password: str) -> str:
    """The hash that is stored already where it is of this password, so that a later start changes nobody."""
    first = Person.objects.filter(email=cast.PEOPLE[0].email).first()
    return first.password if first and first.check_password(password) else make_password(password)


def _teams(world: World) -> None:
    for name, (lead, members) in cast.TEAMS.items():
        team, is_new = Team.objects.get_or_create(name=name, defaults={"lead": world.members[lead]})
        if is_new:
            team.members.add(*(world.members[key] for key in members))
        world.teams[name] = team


def _install_base(world: World, now: datetime) -> None:
    products = {}
    for sku, (name, kind) in installed.PRODUCTS.items():
        products[sku], _ = Product.objects.get_or_create(sku=sku, defaults={"name": name, "kind": kind})
    for place in installed.PLACES:
        details = {
            "time_zone": place.time_zone,
            "country": place.country,
            "address": place.address,
            "contact_name": place.contact,
            "contact_phone": place.phone,
            "access_hours": place.hours,
        }
        customer = world.organisations[place.customer]
        world.sites[place.name], _ = Site.objects.get_or_create(customer=customer, name=place.name, defaults=details)
    for part in installed.PARTS:
        product = products[part.product]
        found = Component.objects.filter(product=product, serial_normal=normal_serial(part.serial)).first()
        world.components[part.serial] = found or install_component(
            product=product,
            site=world.sites[part.place],
            serial=part.serial,
            location=part.location,
            implemented_on=(now - timedelta(days=part.age)).date(),
        )


def make_tokens(world: World, kept: Kept) -> list[dict[str, Any]]:
    """Each token as an administrator of its organisation makes it; one that still works is kept."""
    told: list[dict[str, Any]] = []
    for key in cast.TOKENS:
        organisation = world.organisations[key.organisation]
        scopes = sorted(key.scopes or scopes_of_kind(organisation.kind))
        secret = kept.tokens.get((key.organisation, tuple(scopes)), "")
        if not _works(secret):
            secret = _new_token(world, key, scopes)
        told.append({"organisation": organisation.code, "scopes": scopes, "token": secret})
    return told


def _works(secret: str) -> bool:
    with work_unit(STAFF) as unit:
        token = ApiToken.objects.filter(secret_hash=hash_secret(secret)).first()
        return token is not None and unit.now is not None and token.is_usable(unit.now + KEEP_AT_LEAST)


def _new_token(world: World, key: cast.Key, scopes: list[str]) -> str:
    managers = {Role.CUSTOMER_ADMINISTRATOR, Role.RESELLER_MANAGER, Role.ADMINISTRATOR, Role.CLERK}
    manager = next(m for m in cast.PEOPLE if m.organisation == key.organisation and m.role in managers)
    actor = world.actor(manager.key)
    with work_unit(actor.context):
        now = database_now()
        ends = now + timedelta(days=settings.LIMITS["token_days"])
        _, secret = make_token(actor=actor, name=key.name, scopes=scopes, expires_at=ends, now=now)
    return secret
