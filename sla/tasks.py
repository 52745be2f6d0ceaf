from typing import Any

from celery import shared_task

from sla import sweeper

SECOND = 0.95  # a little less than beat's second, so that one worker process is enough for the next task, too


@shared_task(name="sla.sweep")
def sweep(**kwargs: Any) -> None:
    sweeper.run_for(SECOND)
