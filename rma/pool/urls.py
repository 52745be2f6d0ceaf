"""The parts pool and its calendars: pages of roZoom's staff."""

from datetime import date

from django.urls import path, register_converter

from rma.pool.views import advice, calendars, counting, receiving, units


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
    # units
    path("pool/", units.listed, name="units"),
    path("pool/units/<uuid:unit_id>/", units.unit, name="unit"),
    path("pool/units/<uuid:unit_id>/<str:deed>/", units.deed, name="unit_deed"),
    # ordering, arriving, and the test
    path("pool/order/", receiving.order, name="order"),
    path("pool/receive/", receiving.receive, name="receive"),
    path("pool/tests/", receiving.tests, name="tests"),
    # counting
    path("pool/count/", counting.counted, name="count"),
    path("pool/missing/", counting.losses, name="losses"),
    path("pool/missing/<uuid:unit_id>/confirm/", counting.confirm, name="confirm_loss"),
    path("pool/missing/<uuid:unit_id>/found/", counting.found_again, name="found_again"),
    # how many to keep
    path("pool/levels/", advice.levels, name="levels"),
    path("pool/levels/<uuid:product_id>/", advice.product, name="product"),
    path("pool/levels/<uuid:product_id>/last-buy/", advice.last_buy, name="last_buy"),
    path("pool/spend/", advice.spend, name="spend"),
    # warehouses and their calendars
    path("pool/calendars/", calendars.listed, name="calendars"),
    path("pool/calendars/<int:calendar_id>/", calendars.calendar, name="calendar"),
    path("pool/calendars/<int:calendar_id>/take-over/", calendars.take_over, name="take_over"),
    path("pool/calendars/<int:calendar_id>/<day:day>/remove/", calendars.remove_exception, name="remove_exception"),
    path("pool/warehouses/new/", calendars.new_warehouse, name="new_warehouse"),
    path("pool/warehouses/<int:warehouse_id>/", calendars.warehouse, name="warehouse"),
]
