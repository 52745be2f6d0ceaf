"""Tickets, their conversation and files."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from contracts.models import Component, Site
from rozoom_support.lib.ids import new_id
from tenancy.models import Team, TenantModel, TenantQuerySet
from tickets.dismissals import DismissedAlert as DismissedAlert
from tickets.lifecycle import UNSOLVED, State, TicketLifecycle, Turn
from tickets.mail.models import AutomaticAnswer as AutomaticAnswer
from tickets.mail.models import IncomingMail as IncomingMail
from tickets.mail.models import ReplyAddress as ReplyAddress
from tickets.proposals import SeverityAnswer as SeverityAnswer
from tickets.proposals import SeverityProposal as SeverityProposal

OPEN_TICKETS = Q(state__in=[str(state) for state in UNSOLVED])


class ServiceKind(models.TextChoices):
    PROBLEM = "problem", "Problem management"
    DIAGNOSIS = "diagnosis", "Troubleshooting and diagnosis"
    HARDWARE = "hardware", "Hardware maintenance"
    SOFTWARE = "software", "Software maintenance"


class Channel(models.TextChoices):
    PORTAL = "portal", "Portal"
    EMAIL = "email", "E-mail"
    API = "api", "API"
    PHONE = "phone", "Phone"


class SeverityState(models.TextChoices):
    PROVISIONAL = "provisional", "Provisional"
    AGREED = "agreed", "Agreed"


class MessageKind(models.TextChoices):
    """Who may read it. The database enforces it too."""

    PUBLIC = "public", "Public reply"
    PARTNER = "partner", "Partner note"
    INTERNAL = "internal", "Internal note"


class TicketCounter(TenantModel):
    """The last number given to a customer's tickets. Taken in the transaction that files, so numbers have no gaps."""

    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer"], name="ticket_counter_one_per_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.last}"


class TicketQuerySet(TenantQuerySet):
    def open(self) -> TicketQuerySet:
        """Not solved yet: NEW, OPEN or WAITING."""
        return self.filter(OPEN_TICKETS)

    def by_time_left(self) -> TicketQuerySet:
        """Least time left to respond first; without a running promise below, the longest silent customer first."""
        return self.order_by(F("clock_due_at").asc(nulls_last=True), "last_customer_message_at", "id")

    def overdue(self, now: datetime) -> TicketQuerySet:
        """A promise runs and its due time has passed."""
        return self.open().filter(clock_due_at__lt=now)

    def for_list(self) -> TicketQuerySet:
        """One query for a list of tickets with everything a row shows."""
        return self.select_related("component__product", "site", "customer").defer("search", "description")


class Ticket(TicketLifecycle, TenantModel):
    """A report of one customer and what became of it. Names are copied so that no reader needs the people table."""

    number = models.PositiveIntegerField()
    reference = models.CharField(max_length=24, help_text="ACME-42: what people say on the phone.")
    subject = models.CharField(max_length=200)
    description = models.TextField()
    error_code = models.CharField(max_length=80, blank=True)
    service_kind = models.CharField(max_length=9, choices=ServiceKind, default=ServiceKind.PROBLEM)
    channel = models.CharField(max_length=6, choices=Channel)
    turn = models.CharField(max_length=8, choices=Turn, default=Turn.ROZOOM)

    impact = models.JSONField(null=True, help_text="The customer's four answers; empty when they were never asked.")
    severity = models.PositiveSmallIntegerField()
    severity_state = models.CharField(max_length=11, choices=SeverityState, default=SeverityState.PROVISIONAL)
    severity_because = models.CharField(max_length=300)
    severity_doubt = models.TextField(blank=True, help_text="Why the customer thinks the proposed severity is wrong.")

    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, blank=True, db_constraint=False, db_index=False
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, blank=True, db_constraint=False, db_index=False)
    site_contact = models.CharField(max_length=160, blank=True)
    access_hours = models.CharField(max_length=160, blank=True)

    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    reporter_name = models.CharField(max_length=160)
    reporter_email = models.EmailField(blank=True)
    reporter_party = models.CharField(max_length=10, default="customer")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    assignee_name = models.CharField(max_length=160, blank=True)
    assignee_party = models.CharField(max_length=10, blank=True)
    assigned_at = models.DateTimeField(null=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    # Whether an answer is promised at all, and the decision that says so as it stands, copied in the transaction that made it
    # (contracts.models.EligibilityDecision). Without one: filed before they were kept, or imported.
    covered = models.BooleanField(default=True, db_default=True)
    coverage = models.JSONField(null=True)

    reported_at = models.DateTimeField()
    # The FIRST promise as it stands, copied from its clock in the same transaction; see `response_words` in queries.
    response_due_at = models.DateTimeField(null=True)
    response_outcome = models.CharField(max_length=10, blank=True)
    response_stopped_at = models.DateTimeField(null=True)
    # Due time of the clock that runs now, FIRST or NEXT; empty when nobody waits for roZoom's answer.
    clock_due_at = models.DateTimeField(null=True)
    last_customer_message_at = models.DateTimeField()
    last_message_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="merged", db_constraint=False, db_index=False
    )
    external_reference = models.CharField(max_length=80, blank=True, help_text="The number in the system it came from.")
    # What everybody sees. Notes move neither, or their rhythm would tell those who may not read them; they count apart.
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    partner_notes = models.PositiveIntegerField(default=0, db_default=0)
    internal_notes = models.PositiveIntegerField(default=0, db_default=0)
    search = models.GeneratedField(
        expression=SearchVector("reference", "external_reference", "reporter_name", config="simple")
        + SearchVector("subject", "description", "error_code", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = TicketQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "number"], name="ticket_number_taken"),
            models.UniqueConstraint(fields=["customer", "id"], name="ticket_tenant_key"),
            models.UniqueConstraint(
                fields=["customer", "external_reference"],
                condition=~Q(external_reference=""),
                name="ticket_external_reference_taken",
            ),
            models.CheckConstraint(condition=Q(severity__in=[1, 2, 3]), name="ticket_severity_is_1_2_or_3"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="ticket_state_known"),
            models.CheckConstraint(condition=Q(turn__in=Turn.values), name="ticket_turn_known"),
            models.CheckConstraint(
                condition=~Q(state=State.MERGED) | Q(merged_into__isnull=False), name="ticket_merged_into_something"
            ),
        ]
        indexes: ClassVar = [
            models.Index("clock_due_at", "last_customer_message_at", "id", condition=OPEN_TICKETS, name="ticket_queue"),
            models.Index(
                "customer",
                "clock_due_at",
                "last_customer_message_at",
                "id",
                condition=OPEN_TICKETS,
                name="ticket_queue_customer",
            ),
            models.Index(
                "reseller",
                "clock_due_at",
                "last_customer_message_at",
                "id",
                condition=OPEN_TICKETS,
                name="ticket_queue_reseller",
            ),
            models.Index(
                "assignee",
                "clock_due_at",
                "last_customer_message_at",
                "id",
                condition=OPEN_TICKETS,
                name="ticket_queue_assignee",
            ),
            # The filters of the queue, in its order; and what ended, the latest change first.
            models.Index(
                "state",
                "clock_due_at",
                "last_customer_message_at",
                "id",
                condition=OPEN_TICKETS,
                name="ticket_queue_state",
            ),
            models.Index(
                "severity",
                "clock_due_at",
                "last_customer_message_at",
                "id",
                condition=OPEN_TICKETS,
                name="ticket_queue_severity",
            ),
            models.Index(F("updated_at").desc(), F("id").desc(), condition=~OPEN_TICKETS, name="ticket_ended"),
            models.Index(fields=["reported_at", "id"], name="ticket_reported"),
            models.Index(fields=["customer", "reported_at", "id"], name="ticket_customer_reported"),
            models.Index(fields=["reseller", "reported_at", "id"], name="ticket_reseller_reported"),
            models.Index(fields=["reference"], name="ticket_reference"),
            models.Index(fields=["component"], name="ticket_component", condition=Q(component__isnull=False)),
            GinIndex(fields=["search"], name="ticket_search"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.subject}"

    @property
    def chain(self) -> str:
        """The name of its audit chain."""
        return f"ticket:{self.pk}"

    @cached_property
    def clock_notes(self) -> list[dict[str, Any]]:
        """What this deed did to its clocks (sla/notes.py), until the deed's event takes it along (services/_common.record)."""
        return []

    @property
    def is_open(self) -> bool:
        return self.state in UNSOLVED

    def response_state(self, now: datetime) -> str:
        """RUNNING, MET, MISSED, CANCELLED or "" (no promise). Past due is MISSED even before any job has noticed."""
        if self.response_outcome == "RUNNING" and self.response_due_at is not None and now > self.response_due_at:
            return "MISSED"
        return self.response_outcome


class Message(TenantModel):
    """One entry of the conversation. Written once, never changed."""

    tenant_parent = "ticket"
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, related_name="messages", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=8, choices=MessageKind)
    body = models.TextField()
    history = models.TextField(
        default="",
        db_default="",
        blank=True,
        help_text="What a mail quoted below its own words: kept, and folded away.",
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    author_name = models.CharField(max_length=160)
    author_party = models.CharField(max_length=10)
    author_organisation = models.CharField(max_length=120)
    channel = models.CharField(max_length=6, choices=Channel)
    created_at = models.DateTimeField()
    search = models.GeneratedField(
        expression=SearchVector("body", config="english"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="message_tenant_key"),
            models.CheckConstraint(condition=Q(kind__in=MessageKind.values), name="message_kind_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "ticket", "created_at"], name="message_of_ticket"),
            models.Index(fields=["ticket", "created_at"], name="message_by_ticket"),
            GinIndex(fields=["search"], name="message_search"),
        ]

    def __str__(self) -> str:
        return f"{self.author_name}, {self.created_at:%Y-%m-%d %H:%M}"


class TicketDraft(TenantModel):
    """A report being written, step by step. Only its writer sees it; sending it removes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    answers = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer", "id"], name="ticket_draft_tenant_key")]
        indexes: ClassVar = [models.Index(fields=["customer", "person"], name="ticket_draft_of_person")]

    def __str__(self) -> str:
        return f"draft {self.pk}"


class Attachment(TenantModel):
    """A file, stored under a name of ours, read by whoever may read its kind."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, null=True, related_name="files", db_constraint=False, db_index=False
    )
    draft = models.ForeignKey(
        TicketDraft, on_delete=models.CASCADE, null=True, related_name="files", db_constraint=False, db_index=False
    )
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, related_name="files", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=8, choices=MessageKind, default=MessageKind.PUBLIC)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=120)
    author_name = models.CharField(max_length=160)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="attachment_tenant_key"),
            models.CheckConstraint(condition=Q(kind__in=MessageKind.values), name="attachment_kind_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ticket"], name="attachment_of_ticket"),
            models.Index(fields=["draft"], name="attachment_of_draft"),
        ]

    def __str__(self) -> str:
        return self.name


class ReplyDraft(TenantModel):
    """What a person has begun to write on a ticket: one draft per kind, seen by its writer only."""

    tenant_parent = "ticket"
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=MessageKind)
    body = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "ticket", "person", "kind"], name="reply_draft_one_per_kind"),
            models.CheckConstraint(condition=Q(kind__in=MessageKind.values), name="reply_draft_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} draft on {self.ticket_id}"
