"""Addresses of the install base. Each works with and without its last slash: a redirect would lose a program's POST."""

from django.urls import re_path

from contracts.api import views

urlpatterns = [
    re_path(r"^components/?$", views.Components.as_view(), name="api-components"),
    re_path(r"^components/(?P<id>[^/]+)/?$", views.OneComponent.as_view(), name="api-component"),
    re_path(r"^components/(?P<id>[^/]+)/entitlement/?$", views.Entitlement.as_view(), name="api-entitlement"),
    re_path(r"^coverage/?$", views.CoverageList.as_view(), name="api-coverage"),
    re_path(r"^sites/?$", views.Sites.as_view(), name="api-sites"),
    re_path(r"^sites/(?P<id>[^/]+)/?$", views.OneSite.as_view(), name="api-site"),
]
