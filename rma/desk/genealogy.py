"""One serial through its whole life: bought, installed, failed, repaired, sent out again; what it replaced, what replaced it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from contracts.models import Component, Product, normal_serial
from rma.desk.words import event_words, state_tag
from rma.lineage import Cover, covers_of
from rma.models import PoolUnit, Rma, ShipmentItem, SupplierRma
from tenancy.models import AuditEvent, Kind, Organisation

MOST = 20
EVENTS = 200


@dataclass(frozen=True)
class Known:
    sku: str
    product: str
    serial: str
    where: str


@dataclass(frozen=True)
class Happened:
    at: datetime
    who: str
    words: str
    about: str


@dataclass(frozen=True)
class Life:
    product: Product
    serial: str
    unit: PoolUnit | None
    components: list[tuple[Component, list[Cover]]]  # with what covered it there
    returns: list[tuple[Rma, str, str]]  # how this serial stands in it
    records: list[SupplierRma]
    boxes: list[ShipmentItem]
    before: list[tuple[str, str]]  # what it replaced, as words and address
    after: list[tuple[str, str]]
    happened: list[Happened]


def known_as(words: str) -> list[Known]:
    """Every product of which we know this serial, however it was typed."""
    normal = normal_serial(words)
    if not normal:
        return []
    found: dict[str, Known] = {}
    for unit in PoolUnit.objects.select_related("product").filter(serial_normal=normal)[:MOST]:
        where = unit.get_state_display()  # type: ignore[attr-defined]
        found[unit.product.sku] = Known(unit.product.sku, unit.product.name, unit.serial, where)
    for one in Component.objects.select_related("product", "customer").filter(serial_normal=normal)[:MOST]:
        found.setdefault(one.product.sku, Known(one.product.sku, one.product.name, one.serial, one.customer.name))
    return sorted(found.values(), key=lambda known: known.sku)


def life_of(sku: str, serial: str) -> Life | None:
    product, normal = Product.objects.filter(sku__iexact=sku).first(), normal_serial(serial)
    if product is None or not normal:
        return None
    unit = (
        PoolUnit.objects.select_related("product", "pool", "came_from__product")
        .filter(product=product, serial_normal=normal)
        .first()
    )
    components = list(
        Component.objects.select_related("product", "customer", "site")
        .filter(product=product, serial_normal=normal)
        .order_by("pk")
    )
    if unit is None and not components:
        return None
    returns = _returns(unit, components)
    return Life(
        product=product,
        serial=unit.serial if unit else components[0].serial,
        unit=unit,
        components=_with_covers(components, returns),
        returns=returns,
        records=_records(unit, returns),
        boxes=_boxes(normal, unit, returns),
        before=_replaced(unit, components),
        after=_replaced_by(unit, components),
        happened=_happened(unit, components),
    )


def _with_covers(
    components: list[Component], returns: list[tuple[Rma, str, str]]
) -> list[tuple[Component, list[Cover]]]:
    days = {rma.component_id: rma.delivered_on for rma, _, _ in returns if rma.replacement_id}
    covers = covers_of(components, days)
    return [(one, covers[one.pk]) for one in components]


def _returns(unit: PoolUnit | None, components: list[Component]) -> list[tuple[Rma, str, str]]:
    """As the failed part, and as the one that was sent for it."""
    failed = Rma.objects.for_list().filter(customer_id__in=_customers(components), component__in=components)
    sent = Rma.objects.for_list().filter(unit=unit) if unit else Rma.objects.none()
    found = {rma.pk: (rma, "Sent as the replacement") for rma in sent} | {rma.pk: (rma, "Failed") for rma in failed}
    rows = [(rma, role, state_tag(rma).words) for rma, role in found.values()]
    return sorted(rows, key=lambda row: row[0].requested_at)


def _customers(components: list[Component]) -> set[int]:
    """Said with every question: it is what the indexes begin with."""
    return {one.customer_id for one in components}


def _records(unit: PoolUnit | None, returns: list[tuple[Rma, str, str]]) -> list[SupplierRma]:
    by_unit = SupplierRma.objects.filter(unit=unit) if unit else SupplierRma.objects.none()
    failed = [rma for rma, role, _ in returns if role == "Failed"]
    of_returns = SupplierRma.objects.filter(customer_id__in={one.customer_id for one in failed}, rma__in=failed)
    found = {one.pk: one for query in (by_unit, of_returns) for one in query.select_related("supplier")}
    return sorted(found.values(), key=lambda one: one.updated_at)


def _boxes(normal: str, unit: PoolUnit | None, returns: list[tuple[Rma, str, str]]) -> list[ShipmentItem]:
    """Every box this serial lay in, the first one first."""
    items = ShipmentItem.objects.select_related("shipment__rma")
    of_returns = items.filter(
        serial_normal=normal,
        customer_id__in={rma.customer_id for rma, _, _ in returns},
        shipment__rma__in=[rma for rma, _, _ in returns],
    )
    found = {item.pk: item for item in of_returns}
    if unit is not None:
        found |= {item.pk: item for item in items.filter(unit=unit)}
    return [found[key] for key in sorted(found)]


def _link(row: Component | PoolUnit, words: str) -> tuple[str, str]:
    return words, reverse("returns_desk:serial", args=[row.product.sku, row.serial])


def _replaced(unit: PoolUnit | None, components: list[Component]) -> list[tuple[str, str]]:
    by_return = Rma.objects.select_related("component__product", "customer").filter(
        customer_id__in=_customers(components), replacement__in=components
    )
    found = [
        _link(rma.component, f"{rma.component.serial} at {rma.customer.name}, {rma.reference}")
        for rma in by_return
        if rma.component is not None
    ]
    if unit is not None and unit.came_from is not None:
        found.append(_link(unit.came_from, f"{unit.came_from.serial}, exchanged by the supplier"))
    return found


def _replaced_by(unit: PoolUnit | None, components: list[Component]) -> list[tuple[str, str]]:
    by_return = Rma.objects.select_related("replacement__product", "customer").filter(
        customer_id__in=_customers(components), component__in=components
    )
    found = [
        _link(rma.replacement, f"{rma.replacement.serial} at {rma.customer.name}, {rma.reference}")
        for rma in by_return
        if rma.replacement is not None
    ]
    if unit is not None:
        found += [
            _link(new, f"{new.serial}, exchanged by the supplier") for new in unit.became.select_related("product")
        ]
    return found


def _happened(unit: PoolUnit | None, components: list[Component]) -> list[Happened]:
    """The unit's own story with that of each place it was installed at, the latest first."""
    chains = {(one.customer_id, f"component:{one.pk}"): f"{one.customer.name}, {one.site.name}" for one in components}
    if unit is not None:
        chains[operator_id(), unit.chain] = "roZoom"
    asked = Q()
    for customer, chain in chains:
        asked |= Q(customer_id=customer, chain=chain)
    events = AuditEvent.objects.filter(asked).order_by("-at", "-pk")[:EVENTS]
    return [Happened(one.at, one.actor_name, event_words(one), chains[one.customer_id, one.chain]) for one in events]


def operator_id() -> int:
    return Organisation.objects.values_list("pk", flat=True).get(kind=Kind.OPERATOR)
