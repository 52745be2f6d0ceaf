from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow

from notifications.expansion import expand
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks import services
from notifications.webhooks.events import kinds_for
from notifications.webhooks.sending import send
from tenancy.context import work_unit
from tests.notifications.outbox import WORKER
from tests.notifications.webhooks.receiver import Receiver
from tests.world import World, ensure_context


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.stop()


@pytest.fixture
def another() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.stop()


# Who sets up the webhooks of each side.
ADMINISTRATORS = {"acme": "ana", "delta": "dora", "rozoom": "adam"}


@pytest.fixture
def subscribe(world: World) -> Callable[..., tuple[WebhookEndpoint, str]]:
    """subscribe("acme", receiver.url): the endpoint and its secret; to everything there is when `events` is not given."""

    def make(who: str, url: str, *, events: list[str] | None = None, **more: Any) -> tuple[WebhookEndpoint, str]:
        actor = world.actor(ADMINISTRATORS[who])
        with work_unit(actor.context) as unit:
            wanted = events or [kind.name for kind in kinds_for(actor.party)]
            return services.make_endpoint(actor=actor, url=url, events=wanted, now=unit.now, **more)

    return make


def go(seconds: float = 5) -> int:
    """Everything that waits: events, then webhooks."""
    expand(seconds=5)
    return send(seconds=seconds)


def rows(**which: Any) -> list[WebhookDelivery]:
    with ensure_context(WORKER):
        return list(WebhookDelivery.objects.filter(**which).order_by("event_id", "created_at", "pk"))


def endpoint_now(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    with ensure_context(WORKER):
        return WebhookEndpoint.objects.get(pk=endpoint.pk)


def let_time_pass() -> None:
    """Whatever waits for a later time is due now."""
    with work_unit(WORKER):
        WebhookDelivery.objects.filter(state__in=["NEW", "QUEUED"]).update(next_at=TransactionNow())
        WebhookEndpoint.objects.update(paused_until=None)
