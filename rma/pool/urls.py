"""The parts pool and its calendars: pages of roZoom's staff."""

from datetime import date

from django.urls import path, register_converter

from rma.pool.views import calendars


class DayConverter:
    """2026-11-27 in an address."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

app_name = "pool"
urlpatterns = [
    # warehouses and their calendars
    path("pool/calendars/", calendars.listed, name="calendars"),
    path("pool/calendars/<int:calendar_id>/", calendars.calendar, name="calendar"),
    path("pool/calendars/<int:calendar_id>/take-over/", calendars.take_over, name="take_over"),
    path("pool/calendars/<int:calendar_id>/<day:day>/remove/", calendars.remove_exception, name="remove_exception"),
    path("pool/warehouses/new/", calendars.new_warehouse, name="new_warehouse"),
    path("pool/warehouses/<int:warehouse_id>/", calendars.warehouse, name="warehouse"),
]
