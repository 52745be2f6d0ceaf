"""What is on its way, and what the carrier said about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from contracts.models import Component
from rma.models.pool import PoolUnit
from rma.models.returns import WITHOUT_KEY, Rma
from rma.models.suppliers import MaybeTenantModel, SupplierRma
from rma.states import ShipmentKind, ShipmentState
from rozoom_support.lib.ids import new_id
from tenancy.models import Organisation


class Shipment(MaybeTenantModel):
    """One box from one place to another. A return label is a shipment whose label was sent to the customer."""

    tenant_parent = "rma"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=ShipmentKind)
    state = models.CharField(max_length=18, choices=ShipmentState, default=ShipmentState.DRAFT)
    rma = models.ForeignKey(Rma, on_delete=models.PROTECT, null=True, related_name="shipments", **WITHOUT_KEY)
    supplier_rma = models.ForeignKey(
        SupplierRma, on_delete=models.PROTECT, null=True, related_name="shipments", **WITHOUT_KEY
    )
    supplier = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, help_text="Who may see it."
    )
    from_name = models.CharField(max_length=160)
    from_address = models.TextField(blank=True)
    to_name = models.CharField(max_length=160)
    to_address = models.TextField(blank=True)
    to_zone = models.CharField(max_length=64, default="UTC", help_text="The delivery's date counts in it.")
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    their_reference = models.CharField(max_length=60, blank=True, help_text="The supplier's number, for the label.")
    expires_on = models.DateField(null=True, help_text="A return label that nobody used by then is void.")
    label_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True, help_text="The first scan.")
    last_scan_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    delivered_on = models.DateField(null=True)
    proof = models.CharField(max_length=200, blank=True, help_text="Who signed, or who said so.")
    ended_at = models.DateTimeField(null=True)
    claim = models.CharField(max_length=200, blank=True, help_text="The claim against the carrier.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="shipment_tenant_key"),
            models.UniqueConstraint(
                fields=["carrier", "tracking_number"], condition=~Q(tracking_number=""), name="shipment_tracking_taken"
            ),
            models.CheckConstraint(condition=Q(kind__in=ShipmentKind.values), name="shipment_kind_known"),
            models.CheckConstraint(condition=Q(state__in=ShipmentState.values), name="shipment_state_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["SUPPLIER_OUT", "SUPPLIER_IN"]) | Q(rma__isnull=False),
                name="shipment_to_or_from_a_customer_has_a_return",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["SUPPLIER_OUT", "SUPPLIER_IN"]) | Q(supplier_rma__isnull=False),
                name="shipment_to_or_from_a_supplier_has_its_record",
            ),
            models.CheckConstraint(
                condition=~Q(state="DELIVERED") | Q(delivered_at__isnull=False, delivered_on__isnull=False),
                name="shipment_delivered_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "rma"], name="shipment_of_rma"),
            models.Index(fields=["supplier"], name="shipment_supplier", condition=Q(supplier__isnull=False)),
            models.Index(
                fields=["last_scan_at"], condition=Q(state__in=["IN_TRANSIT", "EXCEPTION"]), name="shipment_on_its_way"
            ),
        ]

    def __str__(self) -> str:
        return self.tracking_number or f"{self.get_kind_display()}"


class ShipmentItem(MaybeTenantModel):
    """One serial in the box. `scanned_serial` is what came out of it at the other end."""

    tenant_parent = "shipment"

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="items", **WITHOUT_KEY)
    kind = models.CharField(
        max_length=16, choices=ShipmentKind, help_text="The shipment's: it decides who may read it."
    )
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    product_name = models.CharField(max_length=160)
    serial = models.CharField(max_length=80)
    serial_normal = models.CharField(max_length=80)
    unit = models.ForeignKey(PoolUnit, on_delete=models.PROTECT, null=True, related_name="shipped_in")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, null=True, related_name="+", **WITHOUT_KEY)
    scanned_serial = models.CharField(max_length=80, blank=True)
    scanned_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "shipment", "serial_normal"], nulls_distinct=False, name="shipment_item_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_name} {self.serial}"


class TrackingEvent(MaybeTenantModel):
    """What the carrier reported. The same report twice is one row; rows are only ever added."""

    tenant_parent = "shipment"

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="events", **WITHOUT_KEY)
    kind = models.CharField(
        max_length=16, choices=ShipmentKind, help_text="The shipment's: it decides who may read it."
    )
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    code = models.CharField(max_length=18, help_text="SCAN, EXCEPTION, DELIVERED, RETURNED_TO_SENDER or LOST.")
    place = models.CharField(max_length=120, blank=True)
    text = models.CharField(max_length=300, blank=True)
    fingerprint = models.CharField(max_length=64)
    counted = models.BooleanField(default=True, help_text="No: it came too late to change anything.")
    recorded_at = models.DateTimeField()
    by_name = models.CharField(max_length=160)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "shipment", "fingerprint"], nulls_distinct=False, name="tracking_event_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.at:%Y-%m-%d %H:%M}"
