"""One serial takes the place of another: what covered the old one covers the new one from that day, and never both."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from contracts.lifecycle import TermState, WarrantyState
from contracts.models import AgreementLine, Component, Product, Site, WarrantyCoverage, normal_serial
from contracts.services.install_base import CannotInstall
from contracts.terms import GRACE_DAYS
from tenancy import audit
from tenancy.actor import Actor

LEAST_WARRANTY = timedelta(days=90)  # of a replacement, from its delivery
NEVER_ORDERED = (TermState.QUOTE_EXPIRED, TermState.CANCELLED)


@transaction.atomic
def replace_component(
    *, actor: Actor, component: Component, product: Product, serial: str, site: Site, on: date, now: datetime
) -> Component:
    """The new serial stands where the old one was covered, since `on`, its site's date. Warranty and agreement lines move.

    Raises CannotInstall when that serial is installed somewhere else.
    """
    component = Component.objects.select_for_update(of=("self",)).select_related("product").get(pk=component.pk)
    normal = normal_serial(serial)
    known = Component.objects.filter(product=product, serial_normal=normal).exclude(state=Component.State.RETURNED)
    if known.exists():
        raise CannotInstall(
            f"{product.name} with serial {serial} is installed already. Check the label.", param="serial"
        )
    new = Component.objects.create(
        customer_id=component.customer_id,
        reseller_id=component.reseller_id,
        product=product,
        site=site,
        serial=serial,
        serial_normal=normal,
        location=component.location if site.pk == component.site_id else "",
        implemented_on=component.implemented_on or on,  # the free days do not begin again
    )
    move_warranties(component, new, on)
    _move_lines(component, new, on)
    component.state, component.replaced_by = Component.State.REPLACED, new
    component.save(update_fields=["state", "replaced_by"])
    for one, verb, other in ((component, "component.replaced", new), (new, "component.replaces", component)):
        _record(actor, one, verb, now, serial=one.serial, other=other.serial, on=on)
    return new


def move_warranties(old: Component, new: Component, on: date) -> None:
    """WC-7: what is left of the warranty, at least 90 days from `on`. A void one moves as little as it covered."""
    left = [
        row
        for row in WarrantyCoverage.objects.select_for_update()
        .filter(component=old, end_date__gte=on)
        .order_by("start_date")
        if row.state in (WarrantyState.PENDING, WarrantyState.ACTIVE) and row.voided_at is None
    ]
    at_least = on + LEAST_WARRANTY
    spans = [(row.kind, max(row.start_date, on), row.end_date, row.exclusions) for row in left]
    if not spans:
        spans = [(WarrantyCoverage.Kind.STANDARD, on, at_least, "")]
    kind, start, end, exclusions = spans[-1]
    spans[-1] = (kind, start, max(end, at_least), exclusions)
    for row in left:
        if row.state == WarrantyState.PENDING:
            row.begin()
        row.transfer()
        row.save(update_fields=["state"])
    for kind, start, end, exclusions in spans:
        WarrantyCoverage.objects.create(component=new, kind=kind, start_date=start, end_date=end, exclusions=exclusions)


def pass_on_to_heir(row: WarrantyCoverage, on: date) -> None:
    """A warranty that was void while its part was replaced, and holds again: the part that stands there now has it until the
    same last day. Void for a reason of its own, that stays void."""
    heir = row.component
    while heir.replaced_by is not None:
        heir = heir.replaced_by
    if heir.pk == row.component_id:
        return
    row.transfer()
    row.save(update_fields=["state"])
    theirs = WarrantyCoverage.objects.select_for_update().filter(component=heir, end_date__gte=on)
    last = theirs.order_by("-start_date").first()
    if last is None:
        WarrantyCoverage.objects.create(
            component=heir, kind=row.kind, start_date=on, end_date=row.end_date, exclusions=row.exclusions
        )
    elif last.end_date < row.end_date:
        last.end_date = row.end_date
        last.save(update_fields=["end_date"])


@transaction.atomic
def extend_warranty(*, actor: Actor, component: Component, on: date, now: datetime) -> None:
    """After a repair: the last warranty holds at least 90 days from `on`; without one there is one for so long."""
    at_least = on + LEAST_WARRANTY
    rows = WarrantyCoverage.objects.select_for_update().filter(component=component, voided_at=None)
    standing = [row for row in rows.order_by("start_date") if row.end_date >= on and row.start_date <= at_least]
    if standing and standing[-1].end_date >= at_least:
        return
    if standing:
        standing[-1].end_date = at_least
        standing[-1].save(update_fields=["end_date"])
    elif not WarrantyCoverage.objects.filter(component=component, end_date__gte=on).exists():
        WarrantyCoverage.objects.create(
            component=component, kind=WarrantyCoverage.Kind.STANDARD, start_date=on, end_date=at_least
        )
    _record(actor, component, "warranty.extended", now, serial=component.serial, to=at_least)


def _move_lines(old: Component, new: Component, on: date) -> None:
    """Each line goes on with the new serial at its frozen price. In grace, the last covered day moves, so that grace goes on."""
    lines = AgreementLine.objects.select_for_update(of=("self",)).filter(
        component=old, removed_on=None, cover_end__gte=on - timedelta(days=GRACE_DAYS)
    )
    for line in lines.exclude(term__state__in=NEVER_ORDERED).order_by("pk"):
        since = max(line.cover_start, min(on, line.cover_end))
        line.removed_on = since
        line.save(update_fields=["removed_on"])
        AgreementLine.objects.create(
            customer_id=line.customer_id,
            reseller_id=line.reseller_id,
            term_id=line.term_id,
            component=new,
            price_list_entry_id=line.price_list_entry_id,
            list_price=line.list_price,
            unit_fee=line.unit_fee,
            cover_start=since,
            cover_end=line.cover_end,
        )


@transaction.atomic
def put_away(*, actor: Actor, component: Component, state: str, reason: str, now: datetime) -> Component:
    """It came back (RETURNED), was kept and charged for or destroyed (RETIRED), or works again at its site (IN_USE)."""
    component = Component.objects.select_for_update(of=("self",)).get(pk=component.pk)
    if component.state != state:
        was, component.state = component.state, state
        component.save(update_fields=["state"])
        verb = f"component.{state.lower().replace('_', '-')}"
        _record(actor, component, verb, now, serial=component.serial, was=was, reason=reason)
    return component


def _record(actor: Actor, component: Component, verb: str, now: datetime, **data: Any) -> None:
    chain = f"component:{component.pk}"
    audit.record(actor, customer_id=component.customer_id, chain=chain, verb=verb, now=now, **data)
