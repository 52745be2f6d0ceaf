"""The record a supplier or contract manufacturer works on. It carries copies, so that it needs to read nothing else."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from rma.models.pool import PoolUnit
from rma.models.returns import WITHOUT_KEY, Rma
from rma.states import RmaKind, SupplierState
from rozoom_support.lib.ids import new_id
from tenancy.models import Organisation, TenantModel

OPEN_RECORD = Q(state__in=["SUBMITTED", "ACKNOWLEDGED", "DEFECTIVE_SENT"])


class MaybeTenantModel(TenantModel):
    """A row about a customer's return, or about roZoom's own stock: then it has no customer."""

    customer = models.ForeignKey(  # type: ignore[assignment]
        Organisation, on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    reseller = models.ForeignKey(  # type: ignore[assignment]
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )

    class Meta:
        abstract = True

    def copy_tenant(self) -> None:
        parent = getattr(self, self.tenant_parent)
        if self.customer_id is None and parent is not None:
            self.customer_id, self.reseller_id = parent.customer_id, parent.reseller_id


class SupplierRma(MaybeTenantModel):
    """What roZoom agreed with a supplier about one failed part. It exists before a replacement leaves (docs/rma.md)."""

    tenant_parent = "rma"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=30, help_text="roZoom's own number for it: ACME-R7-1.")
    rma = models.ForeignKey(Rma, on_delete=models.PROTECT, null=True, related_name="supplier_records", **WITHOUT_KEY)
    unit = models.ForeignKey(PoolUnit, on_delete=models.PROTECT, null=True, related_name="supplier_records")
    state = models.CharField(max_length=14, choices=SupplierState, default=SupplierState.DRAFT)
    # Copies for the supplier's eyes, written in the transaction that changes the return.
    rma_kind = models.CharField(max_length=7, choices=RmaKind, blank=True)
    rma_state = models.CharField(max_length=19, blank=True)
    product_sku = models.CharField(max_length=40)
    product_name = models.CharField(max_length=160)
    serial = models.CharField(max_length=80)
    symptom = models.CharField(max_length=400)
    ticket_reference = models.CharField(max_length=24)

    supplier_number = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True, help_text="What was sent or entered at the supplier's.")
    submitted_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="The failed part left for the supplier.")
    received_at = models.DateTimeField(null=True, help_text="The supplier says it has the part.")
    settled_at = models.DateTimeField(null=True)
    settled_with = models.CharField(max_length=8, blank=True, help_text="REPAIR, EXCHANGE or CREDIT.")
    credit_amount = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    credit_currency = models.CharField(max_length=3, blank=True)
    credit_note = models.CharField(max_length=60, blank=True, help_text="The supplier's number of it.")
    report = models.CharField(max_length=2000, blank=True)
    refused_at = models.DateTimeField(null=True)
    refused_reason = models.CharField(max_length=400, blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "supplier record"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="supplier_rma_tenant_key"),
            models.UniqueConstraint(
                fields=["customer", "rma", "serial"],
                condition=~Q(state__in=["CANCELLED", "REFUSED", "SETTLED"]),  # a draft is in the way too
                name="supplier_rma_one_open_per_part",
            ),
            models.CheckConstraint(condition=Q(state__in=SupplierState.values), name="supplier_rma_state_known"),
            models.CheckConstraint(
                condition=Q(customer=None, rma=None, unit__isnull=False) | Q(customer__isnull=False, rma__isnull=False),
                name="supplier_rma_of_a_return_or_of_stock",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ACKNOWLEDGED", "DEFECTIVE_SENT", "SETTLED"]) | ~Q(supplier_number=""),
                name="supplier_rma_number_before_the_part_is_sent",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["supplier", "state", "updated_at"], name="supplier_rma_worklist"),
            models.Index(fields=["supplier", "updated_at", "id"], condition=OPEN_RECORD, name="supplier_rma_open"),
            models.Index(fields=["updated_at", "id"], condition=OPEN_RECORD, name="supplier_rma_all_open"),
            models.Index(fields=["customer", "rma"], name="supplier_rma_of"),
        ]

    def __str__(self) -> str:
        return self.supplier_number or self.number
