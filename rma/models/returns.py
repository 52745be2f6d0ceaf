"""Returns, what was quoted for their repair, and what people were reminded of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from contracts.models import Component, Invoice, Site
from rma.models.pool import Pool, PoolUnit
from rma.states import ENDED, STEP_STATES, Diagnosis, Ending, Inspection, Media, Missing, RmaKind, RmaState
from rozoom_support.lib.ids import new_id
from tenancy.models import TenantModel, TenantQuerySet
from tickets.models import Ticket

OPEN = ~Q(state__in=[str(state) for state in ENDED])
WITHOUT_KEY: dict[str, Any] = {"db_constraint": False, "db_index": False}  # TenantKey makes the composite one


def _of_step(*names: str) -> Q:
    return Q(state__in=[str(state) for name in names for state in STEP_STATES[name]])


# One index for each step of the board, in its order: its count and its first cards are read from it alone, however many
# returns are open (rma/desk/steps.py has the same orders).
_STEPS = (
    models.Index(fields=["severity", "requested_at", "id"], condition=_of_step("approve"), name="rma_to_approve"),
    models.Index(fields=["state_since", "id"], condition=_of_step("hold"), name="rma_on_hold"),
    models.Index(
        fields=["contract_ship_by", "severity", "approved_at", "id"], condition=_of_step("ship"), name="rma_to_ship"
    ),
    models.Index(fields=["state_since", "id"], condition=_of_step("transit"), name="rma_in_transit"),
    models.Index(fields=["due_at", "id"], include=["state"], condition=_of_step("back", "overdue"), name="rma_owed"),
    models.Index(fields=["state_since", "id"], condition=_of_step("test"), name="rma_in_test"),
    models.Index(fields=["state_since", "id"], condition=_of_step("factory"), name="rma_at_factory"),
)


class RmaCounter(TenantModel):
    """The last number given to a customer's returns. Taken in the transaction that requests, so numbers have no gaps."""

    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer"], name="rma_counter_one_per_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.last}"


class RmaQuerySet(TenantQuerySet):
    def open(self) -> RmaQuerySet:
        """Not ended: something is still on its way, owed or to be decided."""
        return self.filter(OPEN)

    def backordered(self) -> RmaQuerySet:
        """Waiting for a unit, in the order in which they get one."""
        return self.filter(state=RmaState.BACKORDERED).order_by("severity", "approved_at", "id")

    def for_list(self) -> RmaQuerySet:
        """One query for a list with everything a row shows."""
        return self.select_related("component__product", "component__site", "ship_to", "ticket", "customer").defer(
            "ticket__search", "ticket__description"
        )

    def for_board(self) -> RmaQuerySet:
        """With the warehouse, whose day it must leave on. No tenant reads warehouses."""
        return self.for_list().select_related("pool__warehouse")


class Rma(TenantModel):
    """One failed component and what is done about it. `kind` says by which table of moves (docs/rma.md)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField()
    reference = models.CharField(max_length=24, help_text="ACME-R7: stands on labels and is said on the phone.")
    kind = models.CharField(max_length=7, choices=RmaKind)
    state = models.CharField(max_length=19, choices=RmaState, default=RmaState.REQUESTED)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    state_since = models.DateTimeField()

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="returns", **WITHOUT_KEY)
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, related_name="returns", help_text="What failed.", **WITHOUT_KEY
    )
    # A serial nobody knows yet: on hold until it is registered.
    claimed_serial = models.CharField(max_length=80, blank=True)
    claimed_serial_normal = models.CharField(max_length=80, blank=True)
    severity = models.PositiveSmallIntegerField(help_text="Of the ticket when it was requested; orders the queue.")
    symptom = models.CharField(max_length=400, blank=True)
    previous = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="following",
        help_text="It goes on from.",
        **WITHOUT_KEY,
    )

    requested_at = models.DateTimeField()
    requested_by_name = models.CharField(max_length=160)
    requested_by_party = models.CharField(max_length=10)
    requested_by_id = models.BigIntegerField(null=True, help_text="The person; another one confirms a new place.")
    ship_to = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="+", **WITHOUT_KEY)
    contact_name = models.CharField(max_length=120, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    ship_to_verified_at = models.DateTimeField(null=True)
    ship_to_verified_by_name = models.CharField(max_length=160, blank=True)
    terms_accepted_at = models.DateTimeField(null=True)
    failure_confirmed_at = models.DateTimeField(null=True)
    failure_confirmed_by_name = models.CharField(max_length=160, blank=True)
    media = models.CharField(max_length=8, choices=Media, blank=True)
    released_at = models.DateTimeField(null=True, help_text="In spite of another part that is overdue.")
    released_by_name = models.CharField(max_length=160, blank=True)
    excluded_damage = models.CharField(max_length=200, blank=True)
    unconfirmed_agreement = models.CharField(max_length=120, blank=True)
    missing = ArrayField(models.CharField(max_length=9, choices=Missing), default=list, blank=True)
    hold_reason = models.CharField(max_length=400, blank=True)

    # The decision as it stands, copied from contracts.EligibilityDecision in the transaction that kept it.
    outcome = models.CharField(max_length=12)
    rule = models.CharField(max_length=4)
    decision = models.JSONField(default=dict, help_text="reasons, would_change, charge, flags, override.")
    decided_at = models.DateTimeField()

    approved_at = models.DateTimeField(null=True)
    approved_by_name = models.CharField(max_length=160, blank=True)
    # Both dates as they were promised, with the reason in words; never computed again.
    ship_day = models.DateField(null=True)
    contract_ship_by = models.DateField(null=True)
    deliver_target = models.DateField(null=True)
    promise_reason = models.CharField(max_length=400, blank=True)
    earlier_promises = models.JSONField(
        default=list, help_text="Of units that were lost, sent back or dead on arrival."
    )
    list_price = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    list_price_currency = models.CharField(max_length=3, blank=True)

    pool = models.ForeignKey(
        Pool,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Whose warehouse the promise is made for.",
    )
    unit = models.ForeignKey(
        PoolUnit, on_delete=models.PROTECT, null=True, related_name="returns", help_text="Reserved for it, or sent."
    )
    backordered_at = models.DateTimeField(null=True)
    expected_on = models.DateField(null=True, help_text="When the missing unit is expected.")
    shipped_at = models.DateTimeField(null=True, help_text="The carrier's first scan.")
    shipped_on = models.DateField(null=True, help_text="That day at the warehouse.")
    promise_met = models.BooleanField(null=True)
    delivered_at = models.DateTimeField(null=True)
    delivered_on = models.DateField(null=True, help_text="That day at the destination.")
    replacement = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, related_name="replaced", **WITHOUT_KEY
    )
    dead_on_arrival = models.PositiveSmallIntegerField(default=0, help_text="Replacements that did not work.")

    return_due = models.DateField(null=True)
    due_at = models.DateTimeField(
        null=True, help_text="When the last day ends, where the failed part stands, on which it is or was to be sent."
    )
    return_sent_at = models.DateTimeField(null=True, help_text="The customer says so, or the carrier's first scan.")
    received_at = models.DateTimeField(null=True)
    received_serial = models.CharField(max_length=80, blank=True)
    inspection = models.CharField(max_length=14, choices=Inspection, blank=True)
    inspection_note = models.CharField(max_length=1000, blank=True)
    certificate = models.CharField(max_length=200, blank=True, help_text="Of destruction or retention.")
    non_return_invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, related_name="+", **WITHOUT_KEY
    )

    valid_until = models.DateField(null=True, help_text="The failed part is sent by then.")
    diagnosis = models.CharField(max_length=14, choices=Diagnosis, blank=True)
    diagnosis_note = models.CharField(max_length=1000, blank=True)
    repaired_at = models.DateTimeField(null=True)
    exchange_serial = models.CharField(max_length=80, blank=True, help_text="Of what comes back instead.")
    repair_report = models.CharField(max_length=2000, blank=True)
    repair_invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="+", **WITHOUT_KEY)

    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=11, choices=Ending, blank=True)
    ending_reason = models.CharField(max_length=400, blank=True)

    objects = RmaQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "return"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="rma_tenant_key"),
            models.UniqueConstraint(fields=["customer", "number"], name="rma_number_taken"),
            models.UniqueConstraint(
                fields=["customer", "component"],
                condition=OPEN & Q(component__isnull=False),
                name="rma_one_open_per_component",
            ),
            models.UniqueConstraint(
                fields=["customer", "claimed_serial_normal"],
                condition=OPEN & Q(component=None),
                name="rma_one_open_per_unknown_serial",
            ),
            models.UniqueConstraint(fields=["unit"], condition=Q(state="ALLOCATED"), name="rma_one_per_reserved_unit"),
            models.UniqueConstraint(
                fields=["customer", "non_return_invoice"],
                condition=Q(non_return_invoice__isnull=False),
                name="rma_one_non_return_invoice",
            ),
            models.CheckConstraint(condition=Q(kind__in=RmaKind.values), name="rma_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RmaState.values), name="rma_state_known"),
            models.CheckConstraint(
                condition=Q(component__isnull=False) | ~Q(claimed_serial_normal=""), name="rma_is_about_something"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ALLOCATED", "SHIPPED"], kind="ADVANCE") | Q(unit__isnull=False),
                name="rma_reserved_or_sent_names_its_unit",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["APPROVED", "BACKORDERED", "ALLOCATED", "SHIPPED"])
                | Q(approved_at__isnull=False, list_price__isnull=False, component__isnull=False),
                name="rma_approved_has_its_figures",
            ),
            models.CheckConstraint(
                condition=Q(ship_day=None) | Q(ship_day__lte=F("contract_ship_by")), name="rma_ships_by_its_promise"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["DELIVERED", "AWAITING_INBOUND"]) | Q(due_at__isnull=False),
                name="rma_owed_has_its_day",
            ),
            models.CheckConstraint(condition=Q(severity__in=[1, 2, 3]), name="rma_severity_is_1_2_or_3"),
        ]
        indexes: ClassVar = [
            *_STEPS,
            models.Index("severity", "approved_at", "id", condition=Q(state="BACKORDERED"), name="rma_backorders"),
            models.Index(fields=["customer", "requested_at", "id"], name="rma_customer"),
            models.Index(fields=["reseller", "requested_at", "id"], name="rma_reseller"),
            models.Index(fields=["customer", "ticket"], name="rma_of_ticket"),
            models.Index(fields=["customer", "component"], name="rma_of_component"),
            models.Index(fields=["reference"], name="rma_reference"),
            models.Index(fields=["previous"], condition=Q(previous__isnull=False), name="rma_goes_on_from"),
            models.Index(fields=["replacement"], condition=Q(replacement__isnull=False), name="rma_replaced_by"),
            models.Index(
                fields=["claimed_serial_normal"], condition=~Q(claimed_serial_normal=""), name="rma_claimed_serial"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def chain(self) -> str:
        """The name of its audit chain."""
        return f"rma:{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED

    @property
    def reported_at(self) -> datetime:
        """The instant that decides what covers it."""
        return self.ticket.reported_at

    @property
    def serial(self) -> str:
        return self.component.serial if self.component is not None else self.claimed_serial


class RepairQuote(TenantModel):
    """What a repair would cost: before it is sent in, or when the factory finds more than was thought."""

    tenant_parent = "rma"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rma = models.ForeignKey(Rma, on_delete=models.PROTECT, related_name="quotes", **WITHOUT_KEY)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    evaluation_fee = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=400, blank=True)
    quoted_at = models.DateTimeField()
    by_name = models.CharField(max_length=160)
    valid_until = models.DateField()
    answered_at = models.DateTimeField(null=True)
    answered_by_name = models.CharField(max_length=160, blank=True)
    accepted = models.BooleanField(null=True)
    purchase_order = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="repair_quote_tenant_key"),
            models.UniqueConstraint(
                fields=["customer", "rma"], condition=Q(answered_at=None), name="repair_quote_one_open"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0, evaluation_fee__gte=0), name="repair_quote_not_negative"),
            models.CheckConstraint(
                condition=~Q(accepted=True) | ~Q(purchase_order=""), name="repair_quote_accepted_with_an_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class RmaNotice(TenantModel):
    """That people were reminded of something about a return: each number of each kind once."""

    class Kind(models.TextChoices):
        RETURN_REMINDER = "RETURN_REMINDER", "The failed part is due"
        OVERDUE = "OVERDUE", "The failed part is overdue"
        INBOUND_REMINDER = "INBOUND_REMINDER", "The part was not sent yet"

    tenant_parent = "rma"

    rma = models.ForeignKey(Rma, on_delete=models.PROTECT, related_name="notices", **WITHOUT_KEY)
    kind = models.CharField(max_length=16, choices=Kind)
    number = models.PositiveSmallIntegerField(help_text="The day after delivery it belongs to.")
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "rma", "kind", "number"], name="rma_notice_once")
        ]

    def __str__(self) -> str:
        return f"{self.rma_id} {self.kind} {self.number}"
