"""How an endpoint is doing: paused while it fails, switched off after a day of it, and its people told."""

from datetime import datetime, timedelta

from notifications.backoff import delay
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks.calling import GONE, Result
from notifications.webhooks.reporting import report_switched_off

DEAD_AFTER = timedelta(hours=24)
PATIENCE = 3  # failures in a row before it is left alone for a while
LONGEST_PAUSE = 900.0  # seconds
LONGEST_ASKED = 3600  # seconds a receiver may ask us to wait


def note_success(endpoint: WebhookEndpoint, result: Result, now: datetime) -> None:
    """As the worker. Written once a minute at most while all goes well: many deliveries share the row."""
    seen = endpoint.last_success_at
    if endpoint.failures == 0 and seen is not None and now - seen < timedelta(minutes=1):
        return
    endpoint.failures, endpoint.failing_since, endpoint.paused_until = 0, None, None
    endpoint.last_success_at = now
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failures=0, failing_since=None, paused_until=None, last_success_at=now, last_ms=result.ms
    )


def note_failure(endpoint: WebhookEndpoint, result: Result, now: datetime) -> None:
    """As the worker, in the transaction that notes the delivery."""
    locked = WebhookEndpoint.objects.select_for_update(no_key=True, of=("self",)).get(pk=endpoint.pk)
    locked.failures += 1
    locked.failing_since = locked.failing_since or now
    locked.paused_until = _pause(locked.failures, result, now)
    if locked.is_on and (result.status == GONE or now - locked.failing_since >= DEAD_AFTER):
        locked.state = WebhookEndpoint.State.DEAD
        locked.version += 1
        locked.switched_off_at = now
        locked.switched_off_because = result.error[:300]
        give_up_waiting(locked)
        report_switched_off(locked, now)
    locked.save(
        update_fields=[
            *("failures", "failing_since", "paused_until"),
            *("state", "version", "switched_off_at", "switched_off_because"),
        ]
    )
    endpoint.failures = locked.failures


def _pause(failures: int, result: Result, now: datetime) -> datetime | None:
    if result.retry_after is not None and result.status in (429, 503):
        return now + timedelta(seconds=min(result.retry_after, LONGEST_ASKED))
    if failures < PATIENCE:
        return None
    return now + delay(failures - PATIENCE + 1, first=5, longest=LONGEST_PAUSE)


def give_up_waiting(endpoint: WebhookEndpoint) -> int:
    """What waits for an endpoint that is off. It can be sent again by hand when it is on."""
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.QUEUED)
    return waiting.update(state=WebhookDelivery.State.DEAD)
