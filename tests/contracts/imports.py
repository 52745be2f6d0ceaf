"""Files brought, read and written as people and the worker do it."""

from typing import Any

from django.core.files.base import ContentFile

from contracts.imports import deeds, running
from contracts.imports.kinds import KINDS
from contracts.models import ImportRun
from tenancy.context import Context, database_now, work_unit
from tests.world import World

STAFF = Context("staff")
COMPONENTS = "customer,site,product,serial,location,implemented_on,warranty_until,site_time_zone\n"
PRICES = "product,currency,list_price,valid_from,valid_to\n"
PAYMENTS = "booked_on,amount,currency,payer,text,reference\n"


def bring(world: World, kind: str, text: str | bytes, who: str = "fin", **more: Any) -> ImportRun:
    content = text if isinstance(text, bytes) else text.encode()
    with work_unit(STAFF):
        return deeds.start_import(
            actor=world.actor(who),
            kind=KINDS[kind],
            upload=ContentFile(content, name=f"{kind.lower()}.csv"),
            now=database_now(),
            **more,
        )


def fresh(run: ImportRun) -> ImportRun:
    with work_unit(STAFF):
        return ImportRun.objects.get(pk=run.pk)


def checked(world: World, kind: str, text: str | bytes) -> ImportRun:
    """Brought, and read by the worker."""
    run = bring(world, kind, text)
    assert running.work()
    return fresh(run)


def ordered(world: World, run: ImportRun, mode: str = "ALL") -> ImportRun:
    """Somebody has seen it and said: write."""
    with work_unit(STAFF):
        return deeds.write_import(actor=world.actor("fin"), run=run, mode=mode, now=database_now())


def written(world: World, kind: str, text: str, mode: str = "ALL") -> ImportRun:
    run = checked(world, kind, text)
    ordered(world, run, mode)
    assert running.work()
    return fresh(run)


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    return run.new, run.changed, run.same, run.bad


def problems(run: ImportRun) -> list[tuple[int, str, str]]:
    with work_unit(STAFF):
        return list(run.problems.values_list("line", "column", "reason"))
