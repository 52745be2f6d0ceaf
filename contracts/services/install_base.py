"""Deeds on the install base."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from contracts.models import Component, ComponentMove, Product, Site, normal_serial
from contracts.terms import local_date
from rozoom_support.lib.refusals import Refused, Stale
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Organisation


class CannotInstall(Refused):
    code = "cannot_install"


class CannotMoveComponent(Refused):
    code = "cannot_move_component"
    status = 422


def install_component(
    *,
    product: Product,
    site: Site,
    serial: str,
    location: str = "",
    implemented_on: date | None = None,
    state: str = Component.State.IN_USE,
) -> Component:
    """Put one serial at a site. The serial is unique per product however it is typed."""
    normal = normal_serial(serial)
    if not normal:
        raise CannotInstall("Enter the serial that stands on the label.", param="serial")
    taken = Component.objects.filter(product=product, serial_normal=normal).exclude(state=Component.State.RETURNED)
    if taken.exists():
        raise CannotInstall(f"{product.name} with serial {serial} is already installed.", param="serial")
    customer = Organisation.objects.get(pk=site.customer_id)
    return Component.objects.create(
        customer=customer,
        product=product,
        site=site,
        serial=serial.strip(),
        serial_normal=normal,
        location=location,
        implemented_on=implemented_on,
        state=state,
    )


@transaction.atomic
def move_component(
    *, actor: Actor, component: Component, to: Site, moved_on: date, now: datetime, seen_at: UUID | None = None
) -> ComponentMove:
    """It stands at another site of the same customer since that day. What covers it goes with it; the dates of that
    count in the new site's zone from now on. `seen_at`: the site where the writer saw it.

    Raises CannotMoveComponent, or Stale when somebody moved it meanwhile.
    """
    actor.require("component:manage")
    # Without its site: whoever waited for a move would join the old site to the new row, and find nothing.
    component = Component.objects.select_for_update().get(pk=component.pk)
    if seen_at is not None and seen_at != component.site_id:
        raise Stale(f"Somebody moved it meanwhile: it stands at {component.site.name} now. Nothing was changed.")
    _refuse_move(component, to, moved_on, now)
    move = ComponentMove.objects.create(
        customer_id=component.customer_id,
        reseller_id=component.reseller_id,
        component=component,
        from_site=component.site,
        to_site=to,
        moved_on=moved_on,
        by_name=actor.name,
        recorded_at=now,
    )
    component.site = to
    component.save(update_fields=["site"])
    audit.record(
        actor,
        customer_id=component.customer_id,
        chain=f"component:{component.pk}",
        verb="component.moved",
        now=now,
        serial=component.serial,
        was=move.from_site.name,
        to=to.name,
        moved_on=moved_on,
    )
    return move


def _refuse_move(component: Component, to: Site, moved_on: date, now: datetime) -> None:
    if to.customer_id != component.customer_id or not to.is_active:
        raise CannotMoveComponent("Choose a site of this customer.", param="site")
    if component.state != Component.State.IN_USE:
        raise CannotMoveComponent(f"It is {component.get_state_display().lower()}. Only what is in use is moved.")
    if to.pk == component.site_id:
        raise CannotMoveComponent(f"It stands at {to.name} already.", param="site")
    if moved_on > local_date(now, to.time_zone):
        raise CannotMoveComponent("Enter a day that is not in the future.", param="moved_on")
    if component.implemented_on and moved_on < component.implemented_on:
        words = f"It was put into operation on {component.implemented_on:%d %b %Y}. Enter that day or a later one."
        raise CannotMoveComponent(words, param="moved_on")
    earlier = component.moves.order_by("-moved_on").first()
    if earlier is not None and moved_on < earlier.moved_on:
        words = f"It was moved on {earlier.moved_on:%d %b %Y} already. Enter that day or a later one."
        raise CannotMoveComponent(words, param="moved_on")
