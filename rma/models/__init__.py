"""Returns, the parts pool, shipments and supplier records (docs/rma.md)."""

from rma.models.pool import (
    BaseStock,
    BusinessCalendar,
    CalendarDay,
    Pool,
    PoolUnit,
    ProductSupplier,
    Substitute,
    Warehouse,
)
from rma.models.returns import RepairQuote, Rma, RmaCounter, RmaNotice, RmaQuerySet
from rma.models.shipments import Shipment, ShipmentItem, TrackingEvent
from rma.models.suppliers import SupplierRma

__all__ = [
    "BaseStock",
    "BusinessCalendar",
    "CalendarDay",
    "Pool",
    "PoolUnit",
    "ProductSupplier",
    "RepairQuote",
    "Rma",
    "RmaCounter",
    "RmaNotice",
    "RmaQuerySet",
    "Shipment",
    "ShipmentItem",
    "Substitute",
    "SupplierRma",
    "TrackingEvent",
    "Warehouse",
]
