"""Every address of the product. A new one must be known to tests/test_isolation.py."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from rozoom_support import views
from rozoom_support.lib.ui.views import styleguide

urlpatterns = [
    # the way in
    path("", views.entrance, name="entrance"),
    # The invitation proved the address; nobody adds another one by himself, which mail and sign-in would then follow.
    path("accounts/email/", RedirectView.as_view(pattern_name="tenancy:settings"), name="account_email"),
    # So there is never a mail to confirm one with: these say nothing untrue and lead to the first page.
    path("accounts/confirm-email/", RedirectView.as_view(url="/"), name="account_email_verification_sent"),
    path("accounts/confirm-email/<str:key>/", RedirectView.as_view(url="/"), name="account_confirm_email"),
    path("accounts/", include("allauth.urls")),
    path("", include("tenancy.urls")),
    path("", include("notifications.urls")),
    path("", include("tickets.mail.urls")),
    # what is installed and what covers it
    path("", include("contracts.urls")),
    # customers, and resellers for them
    path("", include("tickets.portal.urls")),
    path("", include("tickets.reports.urls")),
    path("returns/", include("rma.portal.urls")),
    # customers, resellers and roZoom agree
    path("severity/", include("tickets.severity_urls")),
    # the desk
    path("desk/", include("tickets.desk.urls")),
    path("desk/", include("sla.urls")),
    path("desk/", include("rma.pool.urls")),
    # returns: roZoom's coordinators, and suppliers
    path("desk/returns/", include("rma.desk.urls")),
    path("supplier/", include("rma.supplier.urls")),
    path("admin/", admin.site.urls),
    # programs
    path("api/", include("rozoom_support.api_urls")),
    # health
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("health/lateness", views.lateness, name="lateness"),
]
if settings.DEMO or settings.TESTING:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))

handler404 = views.not_found
handler500 = views.server_error
