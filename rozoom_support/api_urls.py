"""The REST API, version 1, its description and its documentation."""

from django.urls import include, path, re_path

from tenancy.api import docs
from tenancy.api.me import Me
from tenancy.api.views import UnknownAddress

urlpatterns = [
    path("v1/openapi.json", docs.openapi, name="openapi"),
    path("docs/", docs.guide, name="api-docs"),
    path("docs/console/", docs.console, name="api-console"),
    path("docs/webhooks/", docs.webhooks, name="webhook-docs"),
    path("docs/webhooks.md", docs.webhooks_source, name="webhook-docs-source"),
    path("docs/api.md", docs.guide_source, name="api-docs-source"),
    re_path(r"^v1/me/?$", Me.as_view(), name="api-me"),
    path("v1/", include("tickets.api.urls")),
    path("v1/", include("contracts.api.urls")),
    path("v1/", include("rma.api.urls")),
    path("v1/", include("notifications.webhooks.api.urls")),
    re_path(r"^v1/.*$", UnknownAddress.as_view(), name="api-unknown"),
]
