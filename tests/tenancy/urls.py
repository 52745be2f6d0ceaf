"""Pages that go wrong in every way a page can, for the unit of work around them."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path

from contracts.models import Site
from rozoom_support import urls as product
from rozoom_support.lib.refusals import NotFound, Refused
from rozoom_support.views import server_error
from tenancy.api.views import ApiView
from tenancy.middleware import identity_view, stream_in_context
from tenancy.models import Organisation
from tenancy.pages import page

LAZY = engines["django"].from_string("{% for site in sites %}{{ site.name }}{% endfor %};{{ request.user }}")


def who(request: Any) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('app.org', true), current_setting('app.person', true)")
        return JsonResponse({"who": cursor.fetchone()})


class Who(ApiView):
    def get(self, request: Any) -> JsonResponse:
        return who(request)


@identity_view
def identity(request: Any) -> JsonResponse:
    return who(request)


def sites(request: Any) -> JsonResponse:
    return JsonResponse({"sites": sorted(Site.objects.values_list("name", flat=True))})


def lazy(request: Any) -> TemplateResponse:
    """The query runs while the page is rendered."""
    return TemplateResponse(request, LAZY, {"sites": Site.objects.all()})


@page("ticket:read")
def at_the_door(request: Any, how: str) -> HttpResponse:
    return fails(request, how)


def fails(request: Any, how: str) -> HttpResponse:
    """Writes as staff, then goes wrong. A prepared statement of its own, so that only the transaction undoes it."""
    Organisation.objects.filter(code="ACME").update(phone="half done")
    if how == "raise":
        raise RuntimeError("in the middle")
    if how == "500":
        return HttpResponse(status=500)
    if how == "404":
        raise Http404
    if how == "not-found":
        raise NotFound
    if how == "refused":
        raise Refused("Not now.")
    if how == "swallow":
        try:
            Organisation.objects.raw("SELECT 1 / 0 AS id")[0]
        except Exception:
            return HttpResponse("all is well")
    if how == "lazy":
        return TemplateResponse(request, LAZY, {"sites": Site.objects.raw("SELECT 1 / 0 AS id, '' AS name")})
    return HttpResponse("done")


def stream(request: Any) -> StreamingHttpResponse:
    def names() -> Iterator[str]:
        for site in Site.objects.order_by("name"):
            yield f"{site.name}\n"

    return stream_in_context(request, names)


def forgotten_stream(request: Any) -> StreamingHttpResponse:
    """The generator runs after the commit, in no context."""
    return StreamingHttpResponse(f"{site.name}\n" for site in Site.objects.all().iterator())


def touch_session(request: Any) -> JsonResponse:
    request.session["touched"] = True
    request.session.cycle_key()
    return who(request)


def write_elsewhere(request: Any) -> HttpResponse:
    Site.objects.create(customer_id=int(request.GET["customer"]), reseller_id=int(request.GET["reseller"]), name="X")
    return HttpResponse("written")


def cut(request: Any) -> HttpResponse:
    """The server goes away in the middle."""
    Organisation.objects.filter(code="ACME").update(phone="half done")
    connection.connection.close()
    return sites(request)


handler500 = server_error
urlpatterns = [
    path("cut/", cut),
    path("who/", who),
    path("api/v1/who/", Who.as_view()),
    path("identity/", identity),
    path("sites/", sites),
    path("lazy/", lazy),
    path("fails/<str:how>/", fails),
    path("door/<str:how>/", at_the_door),
    path("stream/", stream),
    path("forgotten-stream/", forgotten_stream),
    path("session/", touch_session),
    path("write/", write_elsewhere),
    *product.urlpatterns,  # the header of every page leads there
]
