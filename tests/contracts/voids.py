"""Warranties made void as people do it, for tests that need one."""

from datetime import datetime
from typing import Any

from contracts import services
from contracts.models import WarrantyCoverage, WarrantyVoid
from tenancy.context import work_unit
from tests.contracts.deals import STAFF
from tests.world import World

OPENED = {"ground": "TAMPERING", "reason": "The seal was broken.", "evidence": "Ticket ACME-1, seal.jpg"}


def proposed(world: World, row: WarrantyCoverage, now: datetime, by: str = "marek", **more: Any) -> WarrantyVoid:
    actor = world.actor(by)
    with work_unit(actor.context):
        return services.propose_void(actor=actor, warranty=row, now=now, **{**OPENED, **more})


def done(world: World, by: str, deed: Any, void: WarrantyVoid, now: datetime, **more: Any) -> WarrantyVoid:
    """In the own role of whoever does it, as a door does."""
    actor = world.actor(by)
    with work_unit(actor.context):
        return deed(actor=actor, void=void, now=now, **more)  # type: ignore[no-any-return]


def voided(world: World, row: WarrantyCoverage, now: datetime) -> WarrantyVoid:
    return done(world, "cora", services.confirm_void, proposed(world, row, now), now)


def appealed(world: World, void: WarrantyVoid, now: datetime, by: str = "ilse") -> WarrantyVoid:
    return done(world, by, services.appeal, void, now, text="We never opened it.")


def fresh(row: WarrantyCoverage) -> WarrantyCoverage:
    with work_unit(STAFF):
        return WarrantyCoverage.objects.select_related("component__product", "component__site").get(pk=row.pk)


def fresh_void(void: WarrantyVoid) -> WarrantyVoid:
    with work_unit(STAFF):
        return WarrantyVoid.objects.get(pk=void.pk)
