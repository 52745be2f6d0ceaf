"""The door of every web request: one transaction, one context, one Actor."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, StreamingHttpResponse
from django.utils.cache import patch_cache_control

from tenancy.actor import Actor
from tenancy.context import Context, work_unit
from tenancy.identity import TokenRefused, active_membership, knock, memberships_of, organisation_name
from tenancy.models import Membership
from tenancy.pages import ACTING, for_another, say_arrived, to_first_page
from tenancy.pgbackend.base import TenantAccessDenied

log = logging.getLogger(__name__)
MOVED = "Your access to {ended} has ended. You now work for {now}."
GetResponse = Callable[[HttpRequest], HttpResponse]


def identity_view(view: Any) -> Any:
    """Mark a view (sign-in, invitation, health) that works without an organisation: it stays on the login role."""
    view.identity_view = True
    return view


def is_redirect(response: HttpResponse) -> bool:
    """How a page answers a form that was done; one that was not is shown again, or what is wrong instead of it."""
    return response.status_code in (302, 303)


def is_program(request: HttpRequest) -> bool:
    """Programs show a token and people a session; neither counts at the other's addresses."""
    return request.path_info.startswith("/api/v1/")


class TenantMiddleware:
    """Last in the list: what runs outside of it has the login role, which owns sessions and people and no tenant's row."""

    identity_prefixes = ("/accounts/",)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.actor = request.membership = request.token = None
        request.memberships = []
        request.token_refused = None
        if is_program(request):
            self._hear(request)
        with work_unit() as unit:
            request.unit = unit
            response = self.get_response(request)  # TemplateResponse is rendered in here by Django
            if response.status_code >= 500:
                unit.failed = True
        if request.method == "POST" and request.membership is not None and not unit.failed and is_redirect(response):
            say_arrived(request, response)
        if request.actor is not None and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response

    def _hear(self, request: Any) -> None:
        """The token is found before the request's transaction, which begins when the body is here (tenancy.api.views.begin)."""
        header = request.headers.get("Authorization", "")
        if not header:
            return
        try:
            request.token = knock(header)
        except TokenRefused as refused:
            request.token_refused = refused
        else:
            request.actor = Actor.of_token(request.token)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if is_program(request) or not request.user.is_authenticated:
            return None
        stays_outside = getattr(view, "identity_view", False) or request.path_info.startswith(self.identity_prefixes)
        return self._enter_by_membership(request, stays_outside)

    def _enter_by_membership(self, request: Any, stays_outside: bool) -> HttpResponse | None:
        chosen = request.session.get("membership")
        membership = introduce(request)
        if membership is None:
            return None
        ended = ""
        if membership.pk != chosen:
            # From now on this one, whichever are added or end.
            request.session["membership"] = membership.pk
            if chosen is not None:
                ended = organisation_name(request.user, chosen) or "this organisation"
                messages.warning(request, MOVED.format(ended=ended, now=membership.organisation.name))
        if stays_outside:
            return None
        meant = request.POST.get(ACTING, "") if request.method == "POST" else ""
        if meant and meant != str(membership.pk):
            return for_another(request, organisation_name(request.user, meant) if meant.isdecimal() else "")
        if ended:
            return to_first_page(request)
        request.unit.enter(request.actor.context)
        return None

    def process_exception(self, request: Any, error: Exception) -> HttpResponse | None:
        request.unit.failed = True  # also for 404 and refusals: nothing half done is kept
        if isinstance(error, TenantAccessDenied):
            return access_denied(request, error)
        return None


def introduce(request: Any) -> Membership | None:
    """Who is signed in, and for whom they work now."""
    request.memberships = memberships_of(request.user)
    membership = active_membership(request.memberships, request.session.get("membership"))
    request.membership = request.user.active_membership = membership
    request.actor = Actor.of_membership(membership) if membership is not None else None
    return membership


def introduce_late(request: Any) -> None:
    """For the page that says there is none: an address that leads to no view never came to process_view."""
    unit = getattr(request, "unit", None)
    if unit is None or request.resolver_match is not None or is_program(request) or not request.user.is_authenticated:
        return
    if introduce(request) is not None:
        unit.enter(request.actor.context)


def access_denied(request: Any, error: Exception) -> HttpResponse:
    log.error("tenant access denied: %s %s ctx=%s: %s", request.method, request.path, request.unit.ctx, error)
    return HttpResponseForbidden("You do not have access to this.", content_type="text/plain")


def stream_in_context(request: Any, generate: Callable[[], Iterator[Any]], **kwargs: Any) -> StreamingHttpResponse:
    """StreamingHttpResponse whose generator runs in a unit of work of its own, with the request's context."""
    ctx: Context = request.unit.ctx

    def body() -> Iterator[Any]:
        with work_unit(ctx):
            yield from generate()

    return StreamingHttpResponse(body(), **kwargs)
