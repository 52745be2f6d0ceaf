import time
from typing import Any

from celery import shared_task

from notifications.delivery import EVENT_SLOT, WEBHOOK_SLOT, sender_slot
from notifications.delivery import deliver as deliver_mail
from notifications.digest import send_digests
from notifications.expansion import expand
from notifications.tidying import tidy as tidy_up
from notifications.waking import ring
from notifications.webhooks.sending import send as send_webhooks

TURN = 2.0  # seconds for events, then for mails


@shared_task(name="notifications.deliver")
def deliver(**kwargs: Any) -> None:
    """Beat and each commit ask for it. Bounded well under the task time limits; the next one goes on."""
    work(seconds=10)


@shared_task(name="notifications.webhooks")
def webhooks(**kwargs: Any) -> None:
    """A lane of its own: mail never waits for a stranger's server, and promises wait for neither."""
    work_on_webhooks(seconds=10)


@shared_task(name="notifications.digests")
def digests(**kwargs: Any) -> None:
    if send_digests():
        ring()


@shared_task(name="notifications.tidy")
def tidy(**kwargs: Any) -> None:
    tidy_up()


def work(*, seconds: float) -> tuple[int, int]:
    """Expand events and send mails until nothing waits or the time is over. Returns how many of each.

    Only a few do it at once, so that a crowd of events or a slow mail server never takes all the worker's processes
    from the promises. In turns, so that a new severity 1 event does not wait for all the mails of severity 3. While all who
    may send do, or wait for the mail server, one more expands events: notices are there all the same.
    """
    until = time.monotonic() + seconds
    handled = sent = 0
    with sender_slot() as may_send:
        while may_send and (left := until - time.monotonic()) > 0:
            more_handled, more_sent = expand(seconds=min(TURN, left)), deliver_mail(seconds=min(TURN, left))
            handled, sent = handled + more_handled, sent + more_sent
            if not more_handled and not more_sent:
                break
    if not may_send:
        with sender_slot([EVENT_SLOT]) as may_expand:
            handled = expand(seconds=min(TURN, seconds)) if may_expand else 0
    return handled, sent


def work_on_webhooks(*, seconds: float) -> int:
    """Write out and send webhooks until nothing is due or the time is over. Returns how many were taken. One process at a
    time does; it keeps many requests under way."""
    with sender_slot([WEBHOOK_SLOT]) as is_free:
        return send_webhooks(seconds=seconds) if is_free else 0
