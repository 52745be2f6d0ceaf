from typing import Any

from celery import shared_task

from tickets import expiring, tidying


@shared_task(name="tickets.tidy_files")
def tidy_files(**kwargs: Any) -> None:
    tidying.tidy_alerts()
    tidying.tidy_files()


@shared_task(name="tickets.expire_proposals")
def expire_proposals(**kwargs: Any) -> None:
    expiring.expire_due()
