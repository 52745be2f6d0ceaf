"""The style guide, and a few answers that pages with htmx get: for the tests of our scripts. No database."""

from itertools import count
from time import sleep, time
from types import SimpleNamespace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from rozoom_support.lib.ui.views import error_page, styleguide
from tenancy.pages import say_arrived

received: list[dict[str, str]] = []
failing: set[str] = set()
_numbers = count(1)
HOWS = ("done", "sign-in", "400", "403", "404", "500")


def page(request: HttpRequest) -> HttpResponse:
    request.user = SimpleNamespace(pk=7, is_authenticated=True)
    context = {"prefs": {"keys": request.GET.get("keys") != "off"}, "now": timezone.now(), "hows": HOWS}
    return render(request, "ui/behaviour.html", context)


@csrf_exempt
def send(request: HttpRequest) -> HttpResponse:
    """Takes what was sent; answers slowly, with an error or with a new row, as the test asked."""
    if "send" in failing:
        return HttpResponse("broken", status=500)
    received.append({**request.POST.dict(), "token": request.headers.get("X-CSRFToken", "")})
    sleep(float(request.GET.get("slow", 0)))
    if "refuse" in request.POST:
        return render(request, "ui/refused.html", status=422)
    number = next(_numbers)
    return HttpResponse(f'<article id="new-{number}"><h3 data-focus>Message {number}</h3></article>')


@csrf_exempt
def post(request: HttpRequest, how: str) -> HttpResponse:
    """A form without htmx: done and answered with a redirect, or refused with a page, a sign-in, an error."""
    if how == "done":
        received.append(request.POST.dict())
        response = HttpResponse(status=302, headers={"Location": "/page/"})
        say_arrived(request, response)
        return response
    if how == "sign-in":
        return HttpResponse(status=302, headers={"Location": "/page/?signed-in"})
    return error_page(500) if how == "500" else refusal(request, int(how))


@csrf_exempt
def draft(request: HttpRequest) -> HttpResponse:
    if "draft" in failing:
        return HttpResponse("broken", status=500)
    received.append(request.POST.dict())
    return HttpResponse(status=204)


def empty(request: HttpRequest) -> HttpResponse:
    """A row that is gone, with the server's time an hour ahead of the page's."""
    return HttpResponse("", headers={"X-Server-Now": str(int(time() * 1000) + 3_600_000)})


def boom(request: HttpRequest) -> HttpResponse:
    return error_page(500, reference="a1b2c3")


def refusal(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, f"{status}.html", {"expired": "expired" in request.GET}, status=status)


urlpatterns = [
    path("styleguide/", styleguide),
    path("page/", page),
    path("send/", send),
    path("post/<str:how>/", post),
    path("draft/", draft),
    path("empty/", empty),
    path("boom/", boom),
    path("refusal/<int:status>/", refusal),
]
