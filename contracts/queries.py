"""Reads of the install base. Row security shows each reader their own; these only shape and find."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Case, Count, When
from django.db.models.functions import Length

from contracts.models import Component, ComponentQuerySet, Site, normal_serial
from contracts.serials import near_serials
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.models import Organisation, TenantQuerySet

MOST_NEAR = 5


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
    found = Component.objects.for_list().filter(customer=customer, serial_normal=normal_serial(serial))
    # A serial that came back and was sent out again has more than one row: the one that stands there now.
    return found.order_by(Case(When(state=Component.State.IN_USE, then=0), default=1), "-id").first()


def near_components(customer: Organisation, serial: str) -> list[Component]:
    """Components in use of this customer whose serial is one slip away from what was typed. None of anybody else's, ever."""
    typed = normal_serial(serial)
    near_length = (len(typed) - 1, len(typed), len(typed) + 1)
    own = Component.objects.in_use().filter(customer=customer)
    known = own.annotate(length=Length("serial_normal")).filter(length__in=near_length)
    found = near_serials(typed, known.values_list("serial_normal", flat=True))
    return list(own.for_list().filter(serial_normal__in=found).order_by("serial", "pk")[:MOST_NEAR]) if found else []


def install_base_size(customer: Organisation) -> tuple[int, int]:
    """How many components in use, at how many sites."""
    found = Component.objects.in_use().filter(customer=customer)
    sizes = found.aggregate(components=Count("pk"), sites=Count("site", distinct=True))
    return sizes["components"], sizes["sites"]


def matching_components(
    actor: Actor,
    *,
    pk: UUID | None = None,
    customer: Sequence[str] | None = None,
    site: Sequence[UUID] | None = None,
    product: str | None = None,
    serial: str | None = None,
    state: Sequence[str] | None = None,
) -> ComponentQuerySet:
    """Every component this reader may see, narrowed by what is given."""
    actor.require("component:read")
    given = {
        "pk": pk,
        "customer__code__in": customer and [code.upper() for code in customer],
        "site_id__in": site,
        "product__sku__iexact": product,
        "serial_normal": serial and normal_serial(serial),
        "state__in": state,
    }
    return Component.objects.filter(**{name: value for name, value in given.items() if value is not None})


def matching_sites(actor: Actor, *, pk: UUID | None = None, customer: Sequence[str] | None = None) -> TenantQuerySet:
    actor.require("component:read")
    given = {"pk": pk, "customer__code__in": customer and [code.upper() for code in customer]}
    return Site.objects.filter(**{name: value for name, value in given.items() if value is not None})


def component_of(customer_id: int, component_id: UUID) -> Component | None:
    """A component to name in a ticket of this customer. Naming needs no right to list; a foreign one is unknown."""
    return Component.objects.for_list().filter(customer_id=customer_id, pk=component_id).first()


def site_of(customer_id: int, site_id: UUID) -> Site | None:
    return Site.objects.filter(customer_id=customer_id, pk=site_id).first()
