from typing import Any

from celery import shared_task

from sla import sweeper
from sla.running import catch_up as catch_up_ladders

SECOND = 0.95  # a little less than beat's second, so that one worker process is enough for the next task, too


@shared_task(name="sla.sweep")
def sweep(**kwargs: Any) -> None:
    sweeper.run_for(SECOND)


@shared_task(name="sla.catch_up")
def catch_up(**kwargs: Any) -> None:
    catch_up_ladders()
