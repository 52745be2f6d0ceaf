from typing import Any

from celery import shared_task

from sla import ladders, sweeper
from tenancy.context import Context, database_now, work_unit

SECOND = 0.95  # a little less than beat's second, so that one worker process is enough for the next task, too


@shared_task(name="sla.sweep")
def sweep(**kwargs: Any) -> None:
    sweeper.run_for(SECOND)


@shared_task(name="sla.catch_up")
def catch_up(**kwargs: Any) -> None:
    with work_unit(Context("worker")):
        ladders.catch_up(database_now())
