"""Small things around every request: its id, the answer while the database restarts, the admin's own policy."""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse

from rozoom_support.lib.problems import MEDIA_TYPE, problem
from rozoom_support.lib.ui.views import error_page

log = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="-")
GetResponse = Callable[[HttpRequest], HttpResponse]

# unfold needs inline handlers and styles; only operators reach it, and it shows text as text (docs/adr).
ADMIN_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


# Addresses that let in whoever knows them. Django's own lines about refused requests name them too.
SECRET_PATHS = re.compile(r"(/invitations/|/accounts/password/reset/key/)[^/\s'\"?]+")


class RequestIdFilter(logging.Filter):
    """Each line carries the id of its request, and none a secret of an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        said = record.getMessage()
        if (told := SECRET_PATHS.sub(r"\1...", said)) != said:
            record.msg, record.args = told, ()
        return True


class RequestIdMiddleware:
    """Gives each request the id that error pages show and logs carry."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid4().hex[:12]  # type: ignore[attr-defined]
        token = request_id.set(request.request_id)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        if request.path_info.startswith("/admin/"):
            response.headers["Content-Security-Policy"] = ADMIN_POLICY
        return response


def database_away(request: HttpRequest, error: BaseException) -> HttpResponse:
    """While PostgreSQL restarts, people get a short 503 that says their text is safe, never half a page."""
    log.error("database away: %s %s: %s", request.method, request.path, error)
    if request.path_info.startswith("/api/v1/"):
        detail = "The service restarts. Nothing was saved. Send the same request again in a few seconds."
        body = problem("unavailable", status=503, title="Try again shortly", detail=detail)
        response: HttpResponse = JsonResponse(body, status=503, content_type=MEDIA_TYPE)
    else:
        response = error_page(503)
    response.headers["Retry-After"] = "5"
    return response
