import logging
from typing import Any

from celery import shared_task

from tickets import expiring, tidying
from tickets.mail import mailbox, working
from tickets.mail.tidying import tidy_mail as tidy_up_mail

log = logging.getLogger(__name__)


@shared_task(name="tickets.tidy_files")
def tidy_files(**kwargs: Any) -> None:
    tidying.tidy_alerts()
    tidying.tidy_files()


@shared_task(name="tickets.expire_proposals")
def expire_proposals(**kwargs: Any) -> None:
    expiring.expire_due()


@shared_task(name="tickets.read_mail")
def read_mail(**kwargs: Any) -> None:
    """Bounded well under the task time limits, also when the last mail takes its full time; the next one goes on."""
    working.work(seconds=5)


@shared_task(name="tickets.poll_mail")
def poll_mail(**kwargs: Any) -> None:
    try:
        mailbox.poll()
    except mailbox.MailboxAway as problem:
        log.warning("the mailbox can not be read: %s", problem)


@shared_task(name="tickets.tidy_mail")
def tidy_mail(**kwargs: Any) -> None:
    tidy_up_mail()
