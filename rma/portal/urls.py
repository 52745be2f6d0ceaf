"""Returns as customers and their resellers see them. roZoom's board and the suppliers' pages have their own."""

from django.urls import path

from rma.portal.views import asking, deeds, lists, parts, tracking

app_name = "returns"
urlpatterns = [
    path("", lists.returns, name="list"),
    path("new/<str:ticket>/", asking.ask, name="ask"),
    path("ship-by.csv", lists.ship_by, name="ship_by"),
    path("parts/<uuid:component_id>/", parts.part, name="part"),
    path("<str:rma>/", tracking.tracking, name="tracking"),
    path("<str:rma>/news/", tracking.news, name="news"),
    path("<str:rma>/return-sheet.pdf", tracking.sheet, name="sheet"),
    path("<str:rma>/<str:deed>/", deeds.deed, name="deed"),
]
