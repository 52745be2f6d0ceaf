"""What people are told in the app."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenancy.models import Organisation, TenantModel


class Notice(TenantModel):
    """What one person is told in the app, as a member of one organisation. Made with the mails of its event, by a worker.

    The customer and its reseller are those of what it is about: a reseller that serves the customer no more reads it no
    more. What is about no customer, such as a webhook of one's own, has none. `hinges_on` names what may settle it before
    it is read (notices.settles), and its key.
    """

    customer = models.ForeignKey(  # type: ignore[assignment]  # none where it is about no customer
        Organisation, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", null=True
    )
    reseller = models.ForeignKey(  # type: ignore[assignment]
        Organisation,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
        null=True,
    )
    event_id = models.BigIntegerField(null=True, help_text="Events are forgotten earlier.")
    topic = models.CharField(max_length=60)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    party = models.CharField(max_length=10)
    title = models.CharField(max_length=255)
    detail = models.CharField(max_length=255, default="", db_default="", blank=True)
    path = models.CharField(max_length=255, help_text="The page it leads to, on this site.")
    reference = models.CharField(max_length=40, default="", db_default="", blank=True)
    ticket_id = models.BigIntegerField(null=True, blank=True)
    hinges_on = models.CharField(max_length=20, default="", db_default="", blank=True)
    hinges_on_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="Noted now and then; see notices.unread.")
    for_digest = models.BooleanField(
        default=False, db_default=False, help_text="Not mailed yet: waits for the daily mail."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "event_id", "organisation", "person", "topic"], name="notice_once_per_event"
            ),
            models.CheckConstraint(
                condition=Q(party__in=["customer", "reseller", "operator"]), name="notice_party_known"
            ),
            models.CheckConstraint(
                condition=Q(path__startswith="/") & ~Q(path__startswith="//"), name="notice_leads_to_this_site"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person", "organisation", "-created_at", "-id"], name="notice_of_person"),
            models.Index(
                fields=["person", "organisation"],
                name="notice_unread",
                condition=Q(read_at__isnull=True, settled_at__isnull=True),
            ),
            models.Index(fields=["created_at"], name="notice_age"),
            models.Index(fields=["person", "id"], name="notice_for_digest", condition=Q(for_digest=True)),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}".strip()

    def copy_tenant(self) -> None:
        """Both or neither."""
        if self.customer_id is not None:
            super().copy_tenant()
