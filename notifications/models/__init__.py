"""The outbox: what deeds leave behind in their own transaction, and the mails, notices and webhooks made of it."""

from notifications.models.notices import Notice
from notifications.models.outbox import SEVERITIES, Delivery, Event
from notifications.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookSecret

__all__ = [
    "SEVERITIES",
    "Delivery",
    "Event",
    "Notice",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookSecret",
]
