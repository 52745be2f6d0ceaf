"""What was decided about cover, kept for ever; and what people were told or asked about it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from contracts.models.agreements import SupportAgreement
from contracts.models.install_base import Component
from rozoom_support.lib.ids import new_id
from tenancy.models import TenantModel


class EligibilityDecision(TenantModel):
    """One answer of the rules, with the facts it was made from. Rows are only ever added; the latest one holds.

    `outcome` is what holds, `rule_outcome` what the rules said. They differ only where a manager overrode, with a reason.
    """

    class Subject(models.TextChoices):
        TICKET = "ticket", "Ticket"
        RMA = "rma", "Return"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.CharField(max_length=6, choices=Subject)
    subject_id = models.CharField(max_length=40, help_text="The key of the ticket or return.")
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    reported_at = models.DateTimeField(null=True)
    rule_set = models.PositiveSmallIntegerField()
    facts = models.JSONField(default=dict)
    rule = models.CharField(max_length=4)
    rule_outcome = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12)
    reasons = models.JSONField(default=list)
    would_change = models.JSONField(default=list)
    override_reason = models.CharField(max_length=400, blank=True)
    decided_by_name = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="eligibility_decision_tenant_key"),
            models.CheckConstraint(condition=Q(subject__in=["ticket", "rma"]), name="eligibility_decision_about"),
            models.CheckConstraint(
                condition=Q(outcome=F("rule_outcome")) | ~Q(override_reason=""),
                name="eligibility_decision_override_has_a_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "subject", "subject_id", "at"], name="eligibility_decision_about_idx")
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.outcome}"

    @property
    def is_overridden(self) -> bool:
        return self.override_reason != ""


class QuoteRequest(TenantModel):
    """A customer asks its seller for a quote: of a renewal, or for components that nothing covers."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agreement = models.ForeignKey(
        SupportAgreement, on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    components = models.JSONField(default=list, help_text="Keys of the components that were marked.")
    text = models.CharField(max_length=1000, blank=True)
    asked_by_name = models.CharField(max_length=120)
    asked_by_email = models.EmailField(blank=True)
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer", "id"], name="quote_request_tenant_key")]
        indexes: ClassVar = [
            models.Index(fields=["customer", "asked_at"], name="quote_request_open", condition=Q(closed_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.asked_by_name}, {self.asked_at:%d %b %Y}"


class ContractNotice(TenantModel):
    """That something was told about a term, a quote, a warranty or an invoice: automatic ones once each, letters often."""

    class Kind(models.TextChoices):
        ENDS_90 = "ENDS_90", "Ends in 90 days"
        ENDS_60 = "ENDS_60", "Ends in 60 days"
        ENDS_30 = "ENDS_30", "Ends in 30 days"
        GRACE_1 = "GRACE_1", "Grace began"
        GRACE_15 = "GRACE_15", "Half of grace is over"
        GRACE_25 = "GRACE_25", "Grace ends in 5 days"
        QUOTE_EXPIRED = "QUOTE_EXPIRED", "Quote expired"
        SUSPENDED = "SUSPENDED", "Suspended"
        LAPSED = "LAPSED", "Lapsed"
        LETTER = "LETTER", "Renewal letter"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=13, choices=Kind)
    about = models.CharField(max_length=40, help_text="The key of the term or warranty.")
    by_name = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "kind", "about"], condition=~Q(kind="LETTER"), name="contract_notice_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "ENDS_90", "ENDS_60", "ENDS_30", "GRACE_1", "GRACE_15", "GRACE_25",
                        "QUOTE_EXPIRED", "SUSPENDED", "LAPSED", "LETTER",
                    ]
                ),
                name="contract_notice_kind_known",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["customer", "about", "told_at"], name="contract_notice_about")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.told_at:%d %b %Y}"
