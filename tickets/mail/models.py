"""Mail that came in, the addresses people answer to, and how often each sender writes (docs/mail.md)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenancy.models import Organisation, TenantModel


class IncomingMail(models.Model):
    """One mail as it came. Its row stands before anybody reads the mail; staff and the worker see it, tenants never.

    The mail itself lies in the file storage under `stored_as`; `found` is what reading it brought to light.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        TICKET_CREATED = "ticket_created", "New ticket"
        MESSAGE_ADDED = "message_added", "Added to a ticket"
        HELD = "held", "Held"
        IGNORED = "ignored", "Ignored"
        BOUNCE_RECORDED = "bounce_recorded", "Bounce"
        REJECTED = "rejected", "Rejected"
        DROPPED = "dropped", "Dropped"

    class Door(models.TextChoices):
        SMTP = "smtp", "SMTP"
        LMTP = "lmtp", "LMTP"
        IMAP = "imap", "IMAP"
        COMMAND = "command", "Command"

    received_at = models.DateTimeField(db_default=Now(), editable=False)
    door = models.CharField(max_length=7, choices=Door)
    envelope_from = models.CharField(max_length=320, null=True, help_text="Empty: a mail system. None: not known.")
    envelope_to = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=120, blank=True)

    outcome = models.CharField(max_length=15, choices=Outcome, default=Outcome.WAITING)
    code = models.CharField(max_length=30, blank=True, help_text="Why, for programs: unknown_sender.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why, in words.")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now(), help_text="Not read before; also the end of a lease.")

    sender = models.CharField(max_length=320, blank=True)
    sender_name = models.CharField(max_length=160, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    header_id = models.CharField(max_length=340, blank=True, help_text="Its Message-ID.")
    content = models.CharField(max_length=64, blank=True, help_text="The same for the same mail, whatever way it came.")
    found = models.JSONField(default=dict, blank=True)
    wants_no_answer = models.BooleanField(default=False)

    customer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    reseller = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    ticket = models.ForeignKey(
        "tickets.Ticket", on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    message = models.ForeignKey(
        "tickets.Message", on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=160, blank=True, help_text="Who released or dropped it.")

    class Meta:
        verbose_name_plural = "incoming mail"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    outcome__in=[
                        *("waiting", "ticket_created", "message_added", "held"),
                        *("ignored", "bounce_recorded", "rejected", "dropped"),
                    ]
                ),
                name="mail_outcome_known",
            ),
            models.CheckConstraint(condition=Q(door__in=["smtp", "lmtp", "imap", "command"]), name="mail_door_known"),
            models.CheckConstraint(
                condition=Q(ticket__isnull=True) | Q(customer__isnull=False, reseller__isnull=False),
                name="mail_ticket_has_its_customer",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at", "id"], name="mail_waiting", condition=Q(outcome="waiting")),
            models.Index(fields=["-received_at", "-id"], name="mail_held", condition=Q(outcome="held")),
            models.Index(fields=["outcome", "-received_at", "-id"], name="mail_by_outcome"),
            models.Index(fields=["sender", "received_at"], name="mail_of_sender"),
            models.Index(
                fields=["customer", "received_at"], name="mail_of_customer", condition=Q(customer__isnull=False)
            ),
            models.Index(fields=["content"], name="mail_content", condition=~Q(content="")),
            models.Index(fields=["ticket"], name="mail_of_ticket", condition=Q(ticket__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}"

    @property
    def is_waiting(self) -> bool:
        return self.outcome == self.Outcome.WAITING

    @property
    def can_be_released(self) -> bool:
        """Whatever became of no ticket, staff may still make one of."""
        return self.outcome in (self.Outcome.HELD, self.Outcome.IGNORED, self.Outcome.DROPPED) and bool(self.stored_as)


class ReplyAddress(TenantModel):
    """Where one reader answers to one ticket: an address with a secret in it. Only the worker reads it.

    `kind` is that of what was mailed, so that an answer to a note can never become a public reply.
    """

    tenant_parent = "ticket"
    ticket = models.ForeignKey(
        "tickets.Ticket", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False, null=True
    )
    email = models.CharField(max_length=320, help_text="Whom it was given to, in small letters.")
    kind = models.CharField(max_length=8)
    secret = models.CharField(max_length=32)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "reply addresses"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["secret"], name="reply_address_secret"),
            models.UniqueConstraint(
                fields=["customer", "ticket", "organisation", "email", "kind"],
                condition=Q(revoked_at__isnull=True),
                name="reply_address_one_per_reader",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["public", "partner", "internal"]), name="reply_address_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"reply address of ticket {self.ticket_id}"


class AutomaticAnswer(models.Model):
    """When an address last got a mail that nobody wrote, so that it gets one a day (RFC 3834)."""

    address = models.CharField(max_length=320, primary_key=True)
    sent_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["sent_at"], name="automatic_answer_age")]

    def __str__(self) -> str:
        return self.address
