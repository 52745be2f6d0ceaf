from typing import Any

from celery import shared_task

from contracts.imports import running, tidying


# Acknowledged at once: the row in PostgreSQL is what keeps the work, and a task told twice would only ask in vain.
@shared_task(name="contracts.imports", acks_late=False, soft_time_limit=1800, time_limit=1860)
def imports(**kwargs: Any) -> None:
    running.work()


@shared_task(name="contracts.tidy_imports")
def tidy_imports(**kwargs: Any) -> None:
    tidying.tidy()
