"""What every address of the API does before and after its own work."""

from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from tenancy.actor import Actor
from tenancy.api.inputs import refuse_unknown_parameters
from tenancy.api.pagination import PARAMETERS
from tenancy.api.problems import Problem
from tenancy.identity import TokenRefused, token_from_header
from tenancy.models import ApiToken


class ApiView(APIView):
    """`capabilities`: what each method needs. `parameters`: what GET understands besides paging."""

    http_method_names = ["get", "head", "post", "patch"]  # noqa: RUF012 - an instance variable to Django
    capabilities: ClassVar[dict[str, tuple[str, ...]]] = {}
    parameters: ClassVar[tuple[str, ...]] = ()
    paged: ClassVar[bool] = False
    format_kwarg: str | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Rates count before rights: also a program that is refused all day must slow down."""
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        refuse_chunks(request)
        if str(request.method).lower() not in self.http_method_names or not self._handles(request):
            self.http_method_not_allowed(request, *args, **kwargs)
        self.check_permissions(request)
        is_read = request.method in {"GET", "HEAD"}
        known = (*self.parameters, *(PARAMETERS if self.paged else ())) if is_read else ()
        refuse_unknown_parameters(request, known)
        begin(request, has_body=not is_read)

    def _handles(self, request: Request) -> bool:
        return hasattr(self, str(request.method).lower())

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        rate = getattr(request._request, "rate", None)
        if rate is not None:
            for name, value in rate.headers().items():
                response.headers[name] = value
        return response


def refuse_chunks(request: Request) -> None:
    """Django reads a body without a length as no body at all, which would be reported as missing fields."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower() and not request.META.get("CONTENT_LENGTH"):
        raise Problem(
            "length_required", 411, "Send the body with Content-Length, not in chunks.", param="Content-Length"
        )


def begin(request: Request, *, has_body: bool) -> None:
    """Open the tenant context, which is the first statement of this request's transaction. The body is read before: while
    one arrives slowly there is no transaction that the database would end as idle, and none that holds a row."""
    found: Any = request._request
    if has_body:
        request.data  # noqa: B018 - parses and keeps it
        _still_works(found)
    found.unit.enter(found.actor.context)


def _still_works(found: Any) -> None:
    """Reading the body took as long as its sender liked; the token may have ended meanwhile."""
    try:
        token_from_header(found.headers["Authorization"])
    except TokenRefused as refused:
        found.token_refused = refused
        raise AuthenticationFailed from refused


def actor_of(request: Request) -> Actor:
    return request._request.actor  # type: ignore[attr-defined]


def token_of(request: Request) -> ApiToken:
    """Its organisation is loaded with it."""
    return request.auth  # type: ignore[return-value]  # ours, not REST framework's


def now_of(request: Request) -> datetime:
    """The database's clock when this request came in; the only one that judges a promise."""
    return request._request.unit.now  # type: ignore[attr-defined]


class UnknownAddress(ApiView):
    """Whatever else is asked for under the API's address."""

    http_method_names = ["get", "head", "post", "patch", "put", "delete"]  # noqa: RUF012

    def _anything(self, request: Request, **kwargs: Any) -> HttpResponse:
        raise NotFound

    get = post = patch = put = delete = _anything
    parameters = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request, force=True)
        raise NotFound
