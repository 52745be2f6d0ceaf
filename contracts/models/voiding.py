"""A warranty that roZoom makes void: who says why, who confirms it, and what became of an appeal."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from contracts.models.install_base import WarrantyCoverage
from rozoom_support.lib.ids import new_id
from tenancy.models import TenantModel


class WarrantyVoid(TenantModel):
    """One attempt to make one warranty void, from the proposal to its end. Tenants see it from the day it holds."""

    tenant_parent = "warranty"

    class Kind(models.TextChoices):
        INTERNAL = "internal", "roZoom only"
        PUBLIC = "public", "Everybody"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", "Waits for a second person"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"
        VOID = "VOID", "Void"
        APPEALED = "APPEALED", "Void, appealed"
        GIVEN_BACK = "GIVEN_BACK", "Given back"
        FINAL = "FINAL", "Void for good"

    class Ground(models.TextChoices):
        ABUSE = "ABUSE", "Abuse"
        TAMPERING = "TAMPERING", "Tampering"
        UNLICENSED = "UNLICENSED", "Work by somebody without a licence"
        SALE_REVERSED = "SALE_REVERSED", "A reversed sale"
        WRONG_SERIAL = "WRONG_SERIAL", "A wrong serial"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    warranty = models.ForeignKey(
        WarrantyCoverage, on_delete=models.PROTECT, related_name="voids", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.INTERNAL)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    ground = models.CharField(max_length=13, choices=Ground)
    reason = models.CharField(max_length=1000)
    evidence = models.CharField(max_length=400, blank=True, help_text="Where it lies.")
    proposed_by_id = models.BigIntegerField()
    proposed_by_name = models.CharField(max_length=160)
    proposed_at = models.DateTimeField()
    confirmed_by_id = models.BigIntegerField(null=True)
    confirmed_by_name = models.CharField(max_length=160, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=160, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    appeal = models.CharField(max_length=2000, blank=True)
    appealed_by_name = models.CharField(max_length=160, blank=True)
    appealed_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=1000, blank=True)
    answered_by_name = models.CharField(max_length=160, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="warranty_void_tenant_key"),
            models.UniqueConstraint(
                fields=["customer", "warranty"],
                condition=~Q(state__in=["WITHDRAWN", "GIVEN_BACK"]),
                name="warranty_void_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["PROPOSED", "WITHDRAWN"], kind="internal", confirmed_at=None, confirmed_by_id=None
                )
                | Q(
                    state__in=["VOID", "APPEALED", "GIVEN_BACK", "FINAL"],
                    kind="public",
                    confirmed_at__isnull=False,
                    confirmed_by_id__isnull=False,
                ),
                name="warranty_void_shown_when_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(ground__in=["SALE_REVERSED", "WRONG_SERIAL"])
                | (
                    Q(ground__in=["ABUSE", "TAMPERING", "UNLICENSED"])
                    & ~Q(evidence="")
                    & (Q(confirmed_by_id=None) | ~Q(confirmed_by_id=F("proposed_by_id")))
                ),
                name="warranty_void_by_two_with_evidence",
            ),
            models.CheckConstraint(
                condition=~Q(state="APPEALED") | (~Q(appeal="") & Q(appealed_at__isnull=False)),
                name="warranty_void_appeal_has_words",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["proposed_at"],
                name="warranty_void_to_do",
                condition=Q(state__in=["PROPOSED", "APPEALED"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_ground_display()}, {self.get_state_display().lower()}"
