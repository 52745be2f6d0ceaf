"""Pages that belong to no app: the way in, health, and what is shown when something went wrong."""

import logging
import sys
from typing import Any

from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.defaults import page_not_found

from notifications import queries as outbox
from rozoom_support.lib.http import database_away
from rozoom_support.lib.problems import MEDIA_TYPE, problem
from rozoom_support.lib.ui.views import error_page
from sla import queries as promises
from tenancy.api.codes import TITLES
from tenancy.context import Context
from tenancy.middleware import identity_view, introduce_late
from tenancy.models import Kind
from tenancy.pages import to_sign_in, typed_texts

log = logging.getLogger(__name__)
FIRST_PAGES: dict[str, str] = {
    Kind.OPERATOR: "/desk/",
    Kind.RESELLER: "/desk/",
    Kind.CUSTOMER: "/home/",
    Kind.SUPPLIER: "/supplier/",
}


@identity_view
def entrance(request: Any) -> HttpResponse:
    """Send each person to where their work is."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    if request.membership is None:
        return render(request, "tenancy/no_organisation.html", status=403)
    return HttpResponseRedirect(FIRST_PAGES[request.membership.organisation.kind])


@identity_view
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers."""
    return HttpResponse("ok", content_type="text/plain")


@identity_view
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Readiness: the database answers. Redis may be away; the product works without it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ready", content_type="text/plain")


@identity_view
@never_cache
def lateness(request: Any) -> HttpResponse:
    """How late the oldest due clock and the oldest outbox row are, in seconds: what an alarm watches."""
    request.unit.enter(Context("worker"))
    now = request.unit.now
    late = {"clock_late_s": promises.oldest_due(now), "outbox_late_s": outbox.oldest_waiting(now)}
    cache.set("health", "1", 5)
    return JsonResponse({**late, "redis": cache.get("health") == "1", "at": now})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("CSRF: %s %s: %s", request.method, request.path, reason)
    if request.headers.get("HX-Request"):  # the page comes again, and what this tab keeps with it
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    return render(request, "403.html", {"expired": True, "texts": typed_texts(request)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    introduce_late(request)
    return page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 while the database restarts. Rendered without touching the database."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return database_away(request, error)
    reference = getattr(request, "request_id", "")
    if request.path_info.startswith("/api/v1/"):
        detail = "Nothing was saved. Send the same request again; when it fails again, tell us the request_id."
        body = problem("server_error", status=500, title=TITLES["server_error"], detail=detail, request_id=reference)
        return JsonResponse(body, status=500, content_type=MEDIA_TYPE)
    return error_page(500, reference=reference)
