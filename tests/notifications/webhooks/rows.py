"""Rows of webhooks, where a test needs no receiver."""

from typing import Any

from notifications.models import WebhookEndpoint
from notifications.webhooks.spreading import test_row as row_of_test
from tenancy.context import Context, work_unit
from tenancy.models import Organisation


def webhook_of(organisation: Organisation, description: str) -> dict[str, Any]:
    """The organisation's, with something that was sent there, by the names of the addresses' parameters."""
    with work_unit(Context("staff")) as unit:
        endpoint = WebhookEndpoint.objects.create(
            organisation=organisation,
            url="https://hooks.example/rozoom",
            description=description,
            events=["ticket.filed"],
            created_by_name="Tests",
            created_at=unit.now,
        )
        sent = row_of_test(endpoint, unit.now)
        sent.state = "SENT"
        sent.save(force_insert=True)
    return {"endpoint_id": endpoint.pk, "delivery_id": sent.pk}
