from django.urls import include, path

from contracts import moving, views

app_name = "contracts"
urlpatterns = [
    path("components/", views.coverage, name="coverage"),
    path("components/<uuid:component_id>/", views.component, name="component"),
    path("components/<uuid:component_id>/move/", moving.move, name="move_component"),
    path("warranties/", include("contracts.voiding.urls")),
    path("agreements/", include("contracts.selling.urls")),
    path("renewals/", include("contracts.renewals.urls")),
    path("imports/", include("contracts.imports.urls")),
]
