"""Support agreements: a container that lives over years, its terms, and the components each term lists."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from contracts.fees import RATE
from contracts.lifecycle import BEFORE_ORDER, TermLifecycle, TermState
from contracts.models.billing import PriceListEntry
from contracts.models.install_base import Component, days_of
from rozoom_support.lib.ids import new_id
from tenancy.models import Organisation, TenantModel


class SupportAgreement(TenantModel):
    """One customer's agreement, sold by roZoom or by its reseller, in one currency."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=40)
    sold_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="agreement_tenant_key"),
            models.UniqueConstraint(fields=["customer", "number"], name="agreement_number_taken"),
        ]
        indexes: ClassVar = [models.Index(fields=["reseller"], name="agreement_reseller")]

    def __str__(self) -> str:
        return self.number


class AgreementTerm(TermLifecycle, TenantModel):
    """The months that are bought together: from the first day to the last, at prices frozen with the quote."""

    class Kind(models.TextChoices):
        INITIAL = "INITIAL", "First term"
        RENEWAL = "RENEWAL", "Renewal"
        REINSTATEMENT = "REINSTATEMENT", "Reinstatement"

    tenant_parent = "agreement"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agreement = models.ForeignKey(
        SupportAgreement, on_delete=models.PROTECT, related_name="terms", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=13, choices=Kind, default=Kind.INITIAL)
    start_date = models.DateField()
    end_date = models.DateField()
    predecessor = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    rate = models.DecimalField(max_digits=5, decimal_places=4, default=RATE)
    revision = models.PositiveSmallIntegerField(default=1)
    quoted_on = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    ordered_at = models.DateTimeField(null=True, blank=True)
    ordered_by_name = models.CharField(max_length=120, blank=True)
    purchase_order = models.CharField(max_length=80, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True, help_text="An instant before it answers as it did then.")
    terminated_on = models.DateField(null=True, blank=True)
    termination_reason = models.CharField(max_length=400, blank=True)
    inspected_on = models.DateField(
        null=True, blank=True, help_text="Of components whose agreement lapsed more than 365 days ago."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="agreement_term_tenant_key"),
            models.CheckConstraint(condition=Q(state__in=TermState.values), name="agreement_term_state_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["INITIAL", "RENEWAL", "REINSTATEMENT"]), name="agreement_term_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")), name="agreement_term_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(state__in=BEFORE_ORDER) | Q(ordered_at__isnull=False), name="agreement_term_ordered_when"
            ),
            ExclusionConstraint(
                name="agreement_terms_do_not_overlap",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("agreement", RangeOperators.EQUAL),
                    (days_of("start_date", "end_date"), RangeOperators.OVERLAPS),
                ],
                condition=~Q(state__in=BEFORE_ORDER),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "agreement"], name="agreement_term_of"),
            models.Index(fields=["end_date"], name="agreement_term_end"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement}, {self.start_date} to {self.end_date}"


class AgreementLine(TenantModel):
    """One component of a term, at its frozen list price and fee, for the days it is covered."""

    tenant_parent = "term"

    term = models.ForeignKey(
        AgreementTerm, on_delete=models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, related_name="agreement_lines", db_constraint=False, db_index=False
    )
    price_list_entry = models.ForeignKey(
        PriceListEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False
    )
    list_price = models.DecimalField(max_digits=14, decimal_places=4)
    unit_fee = models.DecimalField(max_digits=14, decimal_places=4)
    cover_start = models.DateField()
    cover_end = models.DateField()
    removed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "term", "component"], condition=Q(removed_on=None), name="agreement_line_once"
            ),
            models.CheckConstraint(
                condition=Q(cover_end__gte=F("cover_start")), name="agreement_line_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(list_price__gte=0, unit_fee__gte=0), name="agreement_line_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "component"], name="agreement_line_of_component")]

    def __str__(self) -> str:
        return f"{self.component} in {self.term}"


class PaymentAttestation(TenantModel):
    """The reseller's word that its customer paid for a term. It counts until the reseller is 30 days overdue itself."""

    tenant_parent = "term"

    term = models.ForeignKey(
        AgreementTerm, on_delete=models.PROTECT, related_name="attestations", db_constraint=False, db_index=False
    )
    paid_on = models.DateField()
    statement = models.CharField(max_length=400)
    by_name = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "term"], name="payment_attestation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.term}: paid on {self.paid_on}"
