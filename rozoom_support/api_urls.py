"""The REST API, version 1, its description and its documentation."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from tenancy.middleware import identity_view

urlpatterns = [
    path("v1/", include("tickets.api.urls")),
    path("v1/", include("contracts.api.urls")),
    path("v1/openapi.json", identity_view(SpectacularJSONAPIView.as_view()), name="openapi"),
    path("docs/", identity_view(SpectacularSwaggerSplitView.as_view(url_name="openapi")), name="api-docs"),
]
