"""The coordinator's pages of returns."""

from django.urls import path

from rma.desk.views import board, boxes, carrier, deeds, report, scanning, sheet

app_name = "returns_desk"
urlpatterns = [
    path("", board.board, name="board"),
    path("receive/", scanning.receive, name="receive"),
    path("carrier/", carrier.upload, name="carrier"),
    path("carrier/sample.csv", carrier.sample, name="carrier_sample"),
    path("report/", report.report, name="report"),
    path("serials/", sheet.serials, name="serials"),
    path("serials/<str:sku>/<str:serial>/", sheet.serial, name="serial"),
    # one return
    path("<str:rma>/", sheet.one, name="return"),
    path("<str:rma>/ship/", scanning.ship, name="ship"),
    path("<str:rma>/receive/", scanning.receive_one, name="receive_one"),
    path("<str:rma>/do/<str:deed>/", deeds.deed, name="deed"),
    # its boxes
    path("<str:rma>/boxes/<uuid:box>/label/", boxes.label, name="label"),
    path("<str:rma>/boxes/<uuid:box>/void/", boxes.void, name="void"),
    path("<str:rma>/boxes/<uuid:box>/report/", boxes.report, name="box_report"),
]
