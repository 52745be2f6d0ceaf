"""List prices by date, invoices and what was paid on them. Amounts are Decimal beside their currency."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from contracts.lifecycle import InvoiceLifecycle, InvoiceState
from contracts.models.install_base import Product, days_of
from rozoom_support.lib.ids import new_id
from tenancy.models import Organisation, TenantModel


class PriceListEntry(models.Model):
    """The list price of a product in one currency, from one day to another or until the next. The same for everybody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices", db_index=False)
    currency = models.CharField(max_length=3)
    list_price = models.DecimalField(max_digits=14, decimal_places=4)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "list price"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(list_price__gte=0), name="list_price_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="list_price_currency"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="list_price_ends_after_it_starts"
            ),
            ExclusionConstraint(
                name="list_prices_do_not_overlap",
                violation_error_message="There is a price for these days already. End that one first.",
                expressions=[
                    ("product", RangeOperators.EQUAL),
                    ("currency", RangeOperators.EQUAL),
                    (days_of("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.sku} {self.list_price.normalize():f} {self.currency} from {self.valid_from}"


class InvoiceNumber(models.Model):
    """The last number given out in a year, under a row lock: no gap, no double."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}-{self.last:05}"


class Invoice(InvoiceLifecycle, TenantModel):
    """What is asked for a term, a reinstatement, a part not returned or a repair. Fixed once it is issued."""

    class Kind(models.TextChoices):
        FEE = "FEE", "Annual fee"
        REINSTATEMENT = "REINSTATEMENT", "Reinstatement"
        NON_RETURN = "NON_RETURN", "Part not returned"
        REPAIR = "REPAIR", "Repair"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=13, choices=Kind)
    number = models.CharField(max_length=20, blank=True)
    term = models.ForeignKey(
        "contracts.AgreementTerm",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="invoices",
        db_constraint=False,
        db_index=False,
    )
    bill_to = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=14, decimal_places=4)
    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    # A write-off needs two people: who asked for it, and who agreed.
    closing_reason = models.CharField(max_length=400, blank=True)
    closing_asked_by_id = models.BigIntegerField(null=True, blank=True)
    closing_asked_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="invoice_tenant_key"),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="invoice_number_taken"),
            models.CheckConstraint(condition=Q(state__in=InvoiceState.values), name="invoice_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["DRAFT", "VOID"])
                | (~Q(number="") & Q(issued_on__isnull=False, due_on__isnull=False)),
                name="invoice_issued_has_number_and_dates",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "term"], name="invoice_of_term")]

    def __str__(self) -> str:
        return self.number or "Draft invoice"

    @property
    def is_claim(self) -> bool:
        """It was asked for. What was taken back since has a credit note with its own instant."""
        return self.number != ""

    def balance(self) -> Decimal:
        """What is open: the total less what was paid and credited. Lists prefetch payments and credits."""
        paid = sum((one.amount for one in self.payments.all()), Decimal(0))
        return self.total - paid - sum((one.amount for one in self.credits.all()), Decimal(0))


class InvoiceLine(TenantModel):
    tenant_parent = "invoice"

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    text = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField(default=1)
    unit_amount = models.DecimalField(max_digits=14, decimal_places=4)
    amount = models.DecimalField(max_digits=14, decimal_places=4)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount=F("unit_amount") * F("quantity")), name="invoice_line_amount_is_quantity_times_unit"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "invoice"], name="invoice_line_of")]

    def __str__(self) -> str:
        return self.text


class Payment(TenantModel):
    """Money that came in, or went back: then the amount is negative and `reverses` says which. Rows are only added."""

    tenant_parent = "invoice"

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="payments", db_constraint=False, db_index=False
    )
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    value_date = models.DateField()
    source = models.CharField(max_length=40, help_text="bank, card, small difference.")
    reference = models.CharField(max_length=120, blank=True)
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    by_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="payment_tenant_key"),
            models.CheckConstraint(condition=~Q(amount=0), name="payment_is_not_nothing"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(reverses__isnull=False), name="payment_back_names_what_it_reverses"
            ),
            models.UniqueConstraint(
                fields=["customer", "reverses"], condition=Q(reverses__isnull=False), name="payment_reversed_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "invoice"], name="payment_of_invoice")]

    def __str__(self) -> str:
        return f"{self.amount} on {self.value_date}"


class CreditNote(TenantModel):
    """Takes back what an invoice asked for, or a part of it. Numbered in the series of the invoices; rows are only added."""

    tenant_parent = "invoice"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="credits", db_constraint=False, db_index=False
    )
    number = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    reason = models.CharField(max_length=400)
    issued_on = models.DateField()
    by_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="credit_note_tenant_key"),
            models.UniqueConstraint(fields=["number"], name="credit_note_number_taken"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_note_above_zero"),
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "invoice"], name="credit_note_of_invoice")]

    def __str__(self) -> str:
        return self.number
