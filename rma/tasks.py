from typing import Any

from celery import shared_task

from rma import keeping

SECONDS = 30.0  # under the task's time limits; what is left, the next run does


@shared_task(name="rma.keep")
def keep(**kwargs: Any) -> None:
    keeping.keep(seconds=SECONDS)
