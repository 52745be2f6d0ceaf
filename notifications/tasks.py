from typing import Any

from celery import shared_task

from notifications.delivery import deliver as deliver_mail
from notifications.delivery import sender_slot
from notifications.expansion import expand
from notifications.tidying import tidy as tidy_up


@shared_task(name="notifications.deliver")
def deliver(**kwargs: Any) -> None:
    """Beat and each commit ask for it. Bounded well under the task time limits; the next one goes on."""
    work(seconds=10)


@shared_task(name="notifications.tidy")
def tidy(**kwargs: Any) -> None:
    tidy_up()


def work(*, seconds: float) -> tuple[int, int]:
    """Events handled and mails sent. Expanding is quick and always done; sending only while few others do it."""
    handled = expand(seconds=seconds)
    with sender_slot() as is_free:
        return handled, deliver_mail(seconds=seconds) if is_free else 0
