from typing import Any

from celery import shared_task

from rma.calendars import keep_ahead
from tenancy.context import Context, work_unit


@shared_task(name="rma.calendars")
def calendars(**kwargs: Any) -> None:
    with work_unit(Context("worker")) as unit:
        assert unit.now is not None
        keep_ahead(unit.now)
