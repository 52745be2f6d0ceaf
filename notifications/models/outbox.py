"""The outbox: what deeds leave behind in their own transaction, and the mails made of it (docs/promise.md)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tenancy.models import Organisation, TenantModel

SEVERITIES = (1, 2, 3)  # also the order in which the queues are worked


class Event(TenantModel):
    """Something happened that others may have to be told. Written with the deed, expanded once by a worker.

    Tenants may add rows of their own and read none, so a handler trusts the ids and reads everything else again.
    """

    class State(models.TextChoices):
        QUEUED = "QUEUED", "Waiting"
        HANDLED = "HANDLED", "Handled"
        DEAD = "DEAD", "Given up"

    topic = models.CharField(max_length=60, help_text="What happened: ticket.filed.")
    ticket_id = models.BigIntegerField(null=True, blank=True)
    payload = models.JSONField(default=dict, blank=True)
    severity = models.PositiveSmallIntegerField(default=3)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED, db_default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(help_text="Not tried before; also the end of the lease of whoever tries now.")
    created_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(default="", db_default="", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="event_tenant_key"),
            models.CheckConstraint(condition=Q(state__in=["QUEUED", "HANDLED", "DEAD"]), name="event_state_known"),
            models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="event_severity_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["severity", "next_at", "id"], name="event_waiting", condition=Q(state="QUEUED")),
            models.Index(fields=["ticket_id", "id"], name="event_of_ticket_waiting", condition=Q(state="QUEUED")),
            models.Index(fields=["id"], name="event_dead", condition=Q(state="DEAD")),
            models.Index(fields=["handled_at"], name="event_handled_age", condition=Q(state="HANDLED")),
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"


class DeliveryManager(models.Manager["Delivery"]):
    """Leaves the bodies in the database: they may hold reset links, and the staff's role may not read them."""

    def get_queryset(self) -> models.QuerySet["Delivery"]:
        return super().get_queryset().defer("text", "html")


class Delivery(models.Model):
    """One mail to one address. Workers write it; staff read everything but the body; tenants read nothing.

    `dedup_key` and `message_id` are unique over all tenants: no tenant can write or read here, so a collision tells
    nobody anything, and one key space is what makes a mail that was sent twice recognisable.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", "Mail"

    class State(models.TextChoices):
        QUEUED = "QUEUED", "Waiting"
        SENT = "SENT", "Sent"
        DEAD = "DEAD", "Given up"
        DROPPED = "DROPPED", "Not needed any more"

    channel = models.CharField(max_length=8, choices=Channel, default=Channel.MAIL, db_default=Channel.MAIL)
    dedup_key = models.CharField(max_length=200)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField(default="", db_default="", blank=True)
    headers = models.JSONField(default=dict, blank=True)
    message_id = models.CharField(max_length=320)
    thread = models.CharField(
        max_length=120,
        default="",
        db_default="",
        blank=True,
        help_text="Of those with the same one in order, to one reader.",
    )
    severity = models.PositiveSmallIntegerField(default=3)
    guard = models.JSONField(null=True, blank=True, help_text="Asked just before sending; see handlers.guards.")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED, db_default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=120, default="", db_default="", blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(default="", db_default="", blank=True)
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, null=True, blank=True, db_constraint=False, related_name="deliveries"
    )
    customer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    reseller = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )

    objects = DeliveryManager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dedup_key"], name="delivery_dedup_key_unique"),
            models.CheckConstraint(
                condition=Q(state__in=["QUEUED", "SENT", "DEAD", "DROPPED"]), name="delivery_state_known"
            ),
            models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="delivery_severity_known"),
            models.CheckConstraint(condition=Q(channel__in=["mail"]), name="delivery_channel_known"),
            models.CheckConstraint(
                condition=Q(state="SENT", sent_at__isnull=False) | (~Q(state="SENT") & Q(sent_at__isnull=True)),
                name="delivery_sent_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["severity", "next_at", "id"], name="delivery_waiting", condition=Q(state="QUEUED")),
            models.Index(fields=["id"], name="delivery_dead", condition=Q(state="DEAD")),
            models.Index(fields=["thread", "recipient", "id"], name="delivery_of_thread", condition=~Q(thread="")),
            models.Index(fields=["customer", "event"], name="delivery_dead_of_customer", condition=Q(state="DEAD")),
            models.Index(fields=["created_at"], name="delivery_done_age", condition=Q(state__in=["SENT", "DROPPED"])),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"
