"""Addresses of returns. Each works with and without its last slash: a redirect would lose a program's POST."""

from django.urls import re_path

from rma.api import attainment, carriers, returns, suppliers, units

urlpatterns = [
    re_path(r"^returns/?$", returns.Returns.as_view(), name="api-returns"),
    re_path(r"^returns/preview/?$", returns.Preview.as_view(), name="api-return-preview"),
    re_path(r"^returns/(?P<rma>[^/]+)/?$", returns.OneReturn.as_view(), name="api-return"),
    re_path(r"^returns/(?P<rma>[^/]+)/explain/?$", returns.Explanation.as_view(), name="api-return-explain"),
    re_path(r"^returns/(?P<rma>[^/]+)/transitions/?$", returns.Transitions.as_view(), name="api-return-transitions"),
    re_path(r"^supplier-returns/?$", suppliers.SupplierReturns.as_view(), name="api-supplier-returns"),
    re_path(r"^supplier-returns/(?P<id>[^/]+)/?$", suppliers.OneSupplierReturn.as_view(), name="api-supplier-return"),
    re_path(
        r"^supplier-returns/(?P<id>[^/]+)/transitions/?$",
        suppliers.SupplierTransitions.as_view(),
        name="api-supplier-transitions",
    ),
    re_path(r"^pool-units/?$", units.PoolUnits.as_view(), name="api-pool-units"),
    re_path(r"^pool-units/(?P<id>[^/]+)/?$", units.OnePoolUnit.as_view(), name="api-pool-unit"),
    re_path(r"^pool-units/(?P<id>[^/]+)/transitions/?$", units.UnitTransitions.as_view(), name="api-unit-transitions"),
    re_path(r"^reports/ship-by/?$", attainment.ShipBy.as_view(), name="api-ship-by"),
    re_path(r"^carrier-events/?$", carriers.CarrierEvents.as_view(), name="api-carrier-events"),
]
