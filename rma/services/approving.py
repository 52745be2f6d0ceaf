"""Approving a replacement in advance: the promise is given, the price frozen, supplier and label prepared."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from contracts.facts import Facts
from contracts.models import PriceListEntry
from rma.events import note, tell
from rma.models import Pool, ProductSupplier, Rma
from rma.places import place_of_site, place_of_warehouse
from rma.promise import promise
from rma.services._common import PROMISED, CannotReturn, go, held, save
from rma.services.boxes import prepare_return
from rma.services.deciding import Case, decide_now, facts_of_case, has_advance, missing_of, missing_words
from rma.services.supplying import open_record
from rma.standing import today_of
from rma.states import Missing, UnitState
from tenancy.actor import Actor
from tenancy.models import Organisation

SEVEREST = 1  # a part that is overdue elsewhere holds up no complete loss of service
NO_DATE = "To this place we ship as fast as we can, without a promised date."


class CannotApprove(CannotReturn):
    code = "cannot_approve"


@transaction.atomic
def approve(
    *,
    actor: Actor,
    rma: Rma,
    now: datetime,
    version: int | None = None,
    supplier: Organisation | None = None,
    pool: Pool | None = None,
    failure_is_confirmed: bool = False,
) -> Rma:
    """RA-5: the clock of the next business day starts, the supplier's record is made and sent, the return label prepared.

    `supplier` and `pool`: without them the product's own supplier, and the pool that can send it soonest. Raises CannotApprove
    with what is missing; the rules are asked again first.
    """
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        fields = go(rma, "approve")
        decision, decided = decide_now(actor, rma, now)
        if not has_advance(rma):
            raise CannotApprove(f"It gets no replacement in advance. {' '.join(rma.decision['reasons'])}")
        if failure_is_confirmed and rma.failure_confirmed_at is None:
            rma.failure_confirmed_at, rma.failure_confirmed_by_name = now, actor.name
        _refuse_incomplete(rma, missing_of(rma, decision))
        supplier = supplier or usual_supplier(rma)
        pool = pool or nearest_pool(rma)
        freeze_price(rma, facts_of_case(Case.of(rma), now), now)
        promise_dates(actor, rma, pool, now)
        rma.missing = []
        save(
            rma, now, *fields, *decided, *PROMISED, "pool", "list_price", "list_price_currency", "missing",
            "failure_confirmed_at", "failure_confirmed_by_name",
        )  # fmt: skip
        record = open_record(actor, rma, supplier, now)
        prepare_return(rma, record, now)
        dates: dict[str, Any] = {
            "ship_day": rma.ship_day,
            "ship_by": rma.contract_ship_by,
            "arrives": rma.deliver_target,
        }
        note(actor, rma, "rma.approved", now, **dates, why=rma.promise_reason, rule=rma.rule)
        tell("rma.approved", actor, rma, now, **dates)
        return rma


def promise_dates(actor: Actor, rma: Rma, pool: Pool, now: datetime) -> None:
    """Freeze both dates with the reason. A place where no date is promised gets the words alone."""
    assert rma.component is not None
    rma.pool, rma.approved_at, rma.approved_by_name = pool, now, actor.name
    rma.ship_day = rma.contract_ship_by = rma.deliver_target = None
    rma.promise_reason = NO_DATE
    if rma.decision.get("promises_date"):
        site = rma.ship_to or rma.component.site
        found = promise(now, place_of_warehouse(pool.warehouse), place_of_site(site))
        rma.ship_day, rma.contract_ship_by = found.ship_day, found.contract_ship_by
        rma.deliver_target, rma.promise_reason = found.deliver_target, found.reason[:400]


def freeze_price(rma: Rma, facts: Facts, now: datetime) -> None:
    """The list price in force on the day of approval: what a part that does not come back will cost."""
    assert rma.component is not None
    day = today_of(rma, now)
    entries = PriceListEntry.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=day), product_id=rma.component.product_id, valid_from__lte=day
    )
    prices: dict[str, Decimal] = dict(entries.order_by("currency").values_list("currency", "list_price"))
    wanted = [term.currency for term in facts.terms if term.cover is not None] or ["USD"]
    currency = next((one for one in [*wanted, *prices] if one in prices), None)
    if currency is None:
        sku = rma.component.product.sku
        raise CannotApprove(f"There is no list price of {sku} on {day:%d %b %Y}. Add it first.", param="component")
    rma.list_price, rma.list_price_currency = prices[currency], currency


def nearest_pool(rma: Rma) -> Pool:
    """One whose warehouse serves the place: with the product on the shelf, else that keeps it, else any."""
    assert rma.component is not None
    country = (rma.ship_to or rma.component.site).country.upper()
    pools = list(Pool.objects.filter(is_active=True, warehouse__is_active=True).select_related("warehouse__calendar"))
    if not pools:
        raise CannotApprove("There is no pool to send it from. Set one up first.", param="pool")
    product = rma.component.product_id
    stocked = set(
        Pool.objects.filter(units__product_id=product, units__state=UnitState.AVAILABLE).values_list("pk", flat=True)
    )
    kept = set(Pool.objects.filter(base_stocks__product_id=product).values_list("pk", flat=True))
    return min(
        pools,
        key=lambda one: (
            country not in one.warehouse.serviced_countries,
            one.pk not in stocked,
            one.pk not in kept,
            one.pk,
        ),
    )


def _refuse_incomplete(rma: Rma, missing: list[str]) -> None:
    if rma.failure_confirmed_at is None and Missing.DIAGNOSIS not in missing:
        missing = [*missing, Missing.DIAGNOSIS]
    needs_release = rma.decision["flags"] and rma.released_at is None and rma.severity != SEVEREST
    if needs_release and Missing.RELEASE not in missing:
        missing = [*missing, Missing.RELEASE]
    if missing:
        words = "; ".join(missing_words(missing))
        raise CannotApprove(f"Still missing: {words}. Supply it, or put the return on hold.", param=missing[0].lower())


def usual_supplier(rma: Rma) -> Organisation:
    assert rma.component is not None
    usual = ProductSupplier.objects.select_related("supplier").filter(product_id=rma.component.product_id).first()
    if usual is None:
        raise CannotApprove("Choose the supplier who gets the failed part.", param="supplier")
    return usual.supplier
