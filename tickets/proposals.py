"""Proposals of another severity, and what each party said to them. Imported by tickets.models."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tenancy.models import TenantModel

SEVERITIES = [1, 2, 3]
PARTIES = ["customer", "reseller", "operator"]


class SeverityProposal(TenantModel):
    """One party asks for another severity. It takes effect when every party has agreed, and only then (docs/severity.md)."""

    class State(models.TextChoices):
        OPEN = "OPEN", "Waiting for answers"
        AGREED = "AGREED", "Agreed by all"
        OBJECTED = "OBJECTED", "Not agreed"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"
        REPLACED = "REPLACED", "Replaced by a newer one"
        EXPIRED = "EXPIRED", "Nobody answered in time"
        ENDED = "ENDED", "The ticket ended"

    tenant_parent = "ticket"

    ticket = models.ForeignKey(
        "tickets.Ticket", on_delete=models.PROTECT, related_name="proposals", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField(help_text="1 is the first of its ticket.")
    from_severity = models.PositiveSmallIntegerField()
    to_severity = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=1000)
    by_party = models.CharField(max_length=10)
    by_name = models.CharField(max_length=160)
    by_organisation = models.CharField(max_length=120, blank=True)
    by_person_id = models.BigIntegerField(null=True)
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="proposal_tenant_key"),
            models.UniqueConstraint(fields=["customer", "ticket", "number"], name="proposal_number_taken"),
            models.UniqueConstraint(
                fields=["customer", "ticket"], condition=Q(state="OPEN"), name="proposal_one_open_per_ticket"
            ),
            models.CheckConstraint(
                condition=Q(from_severity__in=SEVERITIES, to_severity__in=SEVERITIES), name="proposal_severity_known"
            ),
            models.CheckConstraint(condition=Q(by_party__in=PARTIES), name="proposal_party_known"),
            models.CheckConstraint(
                condition=Q(state="OPEN", ended_at=None)
                | Q(
                    state__in=["AGREED", "OBJECTED", "WITHDRAWN", "REPLACED", "EXPIRED", "ENDED"],
                    ended_at__isnull=False,
                ),
                name="proposal_ended_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="proposal_to_expire", condition=Q(state="OPEN")),
        ]

    def __str__(self) -> str:
        return f"Severity {self.to_severity}, proposed by {self.by_name}"


class SeverityAnswer(TenantModel):
    """One party's word on one proposal. Rows are only added; nobody answers for another party (row security holds that)."""

    tenant_parent = "proposal"

    proposal = models.ForeignKey(
        SeverityProposal, on_delete=models.PROTECT, related_name="answers", db_constraint=False, db_index=False
    )
    party = models.CharField(max_length=10)
    agrees = models.BooleanField()
    reason = models.CharField(max_length=1000, blank=True)
    is_standing = models.BooleanField(default=False, help_text="Given beforehand, for every raise.")
    by_name = models.CharField(max_length=160)
    by_organisation = models.CharField(max_length=120, blank=True)
    by_person_id = models.BigIntegerField(null=True)
    given_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "proposal", "party"], name="severity_answer_once_per_party"),
            models.CheckConstraint(condition=Q(party__in=PARTIES), name="severity_answer_party_known"),
            models.CheckConstraint(
                condition=Q(agrees=True) | ~Q(reason=""), name="severity_answer_objection_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party}: {'agrees' if self.agrees else 'does not agree'}"
