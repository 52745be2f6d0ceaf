"""Webhooks: where an organisation wants to be told, the secrets that sign, and each thing that was or will be told."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rozoom_support.lib.ids import new_id
from tenancy.models import Organisation


class EndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def kept(self) -> "EndpointQuerySet":
        """Not removed."""
        return self.filter(removed_at__isnull=True)


class WebhookEndpoint(models.Model):
    """An address of an organisation's own, and what it is told there."""

    class State(models.TextChoices):
        ON = "ON", "On"
        OFF = "OFF", "Switched off"
        DEAD = "DEAD", "Switched off by us"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    events = ArrayField(models.CharField(max_length=40))
    state = models.CharField(max_length=4, choices=State, default=State.ON, db_default=State.ON)
    version = models.PositiveIntegerField(default=1)
    created_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    # How it goes there, noted by the worker.
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_ms = models.PositiveIntegerField(null=True, blank=True, help_text="How long the last success took.")
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, db_default=0, help_text="In a row.")
    paused_until = models.DateTimeField(null=True, blank=True, help_text="Nothing is tried before.")
    switched_off_at = models.DateTimeField(null=True, blank=True)
    switched_off_because = models.CharField(max_length=300, default="", db_default="", blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "id"], name="webhook_endpoint_key"),
            models.CheckConstraint(condition=Q(state__in=["ON", "OFF", "DEAD"]), name="webhook_endpoint_state_known"),
            models.CheckConstraint(
                condition=Q(state="ON") | Q(switched_off_at__isnull=False), name="webhook_endpoint_off_since_when"
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def is_on(self) -> bool:
        return self.state == self.State.ON


class SecretManager(models.Manager["WebhookSecret"]):
    """Leaves the secrets in the database: only the worker, which signs, may read them."""

    def get_queryset(self) -> models.QuerySet["WebhookSecret"]:
        return super().get_queryset().defer("sealed")


class WebhookSecret(models.Model):
    """What signs for one endpoint. Two of them do while one takes the place of the other."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets", db_constraint=False, db_index=False
    )
    sealed = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = SecretManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "endpoint"], condition=Q(expires_at=None), name="webhook_secret_one_that_stays"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["endpoint"], name="webhook_secret_of_endpoint")]

    def __str__(self) -> str:
        return f"Secret of {self.endpoint_id}"


class WebhookDelivery(models.Model):
    """One event for one endpoint. `id` is what the receiver knows it by, however often it is sent.

    The customer and its reseller are those of what it is about: a reseller that serves the customer no more reads it no
    more, and is sent it no more. A test is about nobody.
    """

    class State(models.TextChoices):
        NEW = "NEW", "Being written"
        QUEUED = "QUEUED", "Waiting"
        SENT = "SENT", "Delivered"
        DEAD = "DEAD", "Given up"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries", db_constraint=False, db_index=False
    )
    customer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    reseller = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    event_id = models.BigIntegerField(null=True, blank=True, help_text="Events are forgotten; a test has none.")
    topic = models.CharField(max_length=40, help_text="What the receiver reads as its type: message.added.")
    ordering = models.CharField(
        max_length=60, default="", db_default="", blank=True, help_text="Of those with the same one after the other."
    )
    body = models.TextField(default="", db_default="", blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.NEW, db_default=State.NEW)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(help_text="Not tried before; also the end of the lease of whoever tries now.")
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField(help_text="The day in which it is tried begins here, anew when it is sent again.")
    sent_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, default="", db_default="", blank=True)
    last_answer = models.TextField(default="", db_default="", blank=True)
    tries = models.JSONField(default=list, blank=True, help_text="The last ones: at, status, ms, error.")

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "endpoint", "event_id"], name="webhook_once_per_event"),
            models.CheckConstraint(
                condition=Q(state__in=["NEW", "QUEUED", "SENT", "DEAD"]), name="webhook_state_known"
            ),
            models.CheckConstraint(condition=Q(state="NEW") | ~Q(body=""), name="webhook_has_a_body"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="webhook_new", condition=Q(state="NEW")),
            models.Index(
                fields=["endpoint", "next_at", "event_id"], name="webhook_waiting", condition=Q(state="QUEUED")
            ),
            models.Index(
                fields=["endpoint", "ordering", "event_id"],
                name="webhook_in_order",
                condition=Q(state__in=["NEW", "QUEUED"]),
            ),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="webhook_of_endpoint"),
            models.Index(fields=["created_at"], name="webhook_age"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} to {self.endpoint_id}"

    @property
    def message_id(self) -> str:
        """As the header webhook-id names it."""
        return f"msg_{self.pk.hex}"

    @property
    def last_try(self) -> dict[str, Any] | None:
        return self.tries[-1] if self.tries else None
