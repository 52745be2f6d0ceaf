from typing import Any

from celery import shared_task

from rma import keeping
from rma.calendars import keep_ahead
from tenancy.context import Context, work_unit

SECONDS = 30.0  # under the task's time limits; what is left, the next run does


@shared_task(name="rma.keep")
def keep(**kwargs: Any) -> None:
    keeping.keep(seconds=SECONDS)


@shared_task(name="rma.serve")
def serve(**kwargs: Any) -> None:
    keeping.serve()


@shared_task(name="rma.calendars")
def calendars(**kwargs: Any) -> None:
    with work_unit(Context("worker")) as unit:
        assert unit.now is not None
        keep_ahead(unit.now)
