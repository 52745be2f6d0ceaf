"""Reads of the install base. Row security shows each reader their own; these only shape and find."""

from uuid import UUID

from contracts.models import Component, ComponentQuerySet, Site, normal_serial
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.models import Organisation


def component_for(actor: Actor, component_id: UUID | str, *, customer_id: int | None = None) -> Component:
    """The one way to a component. Raises NotFound when missing, foreign or not this customer's."""
    actor.require("component:read")
    found = Component.objects.for_list().filter(pk=component_id)
    if customer_id is not None:
        found = found.filter(customer_id=customer_id)
    component = found.first()
    if component is None:
        raise NotFound
    return component


def site_for(actor: Actor, site_id: UUID | str, *, customer_id: int | None = None) -> Site:
    actor.require("component:read")
    found = Site.objects.filter(pk=site_id)
    if customer_id is not None:
        found = found.filter(customer_id=customer_id)
    site = found.first()
    if site is None:
        raise NotFound
    return site


def components_of(customer: Organisation) -> ComponentQuerySet:
    return (
        Component.objects.in_use()
        .for_list()
        .filter(customer=customer)
        .order_by("site__name", "product__name", "serial")
    )


def component_by_serial(customer: Organisation, serial: str) -> Component | None:
    """What stands on the label, however it was typed. A serial of another customer answers as an unknown one does."""
    return Component.objects.for_list().filter(customer=customer, serial_normal=normal_serial(serial)).first()
