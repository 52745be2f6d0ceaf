"""Pages of suppliers; roZoom's coordinators work on them, too."""

from django.urls import path

from rma.supplier import views

app_name = "supplier"
urlpatterns = [
    path("", views.records, name="records"),
    path("<uuid:record>/", views.record, name="record"),
    path("<uuid:record>/<str:work>/", views.deed, name="deed"),
]
