"""How portal pages answer: a whole page, or the part of it that htmx asked for, from the same address."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect

from tickets.answers import stamp


def show(request: Any, template: str, context: dict[str, Any], *, part: str = "", status: int = 200) -> HttpResponse:
    """`part` is what htmx gets instead of the page. Every answer to htmx carries the server's time."""
    partial = bool(part) and bool(request.htmx)
    response = render(request, part if partial else template, context, status=status)
    return stamp(request, response)


def nothing(request: HttpRequest) -> HttpResponse:
    return stamp(request, HttpResponse(status=204))


def go(request: Any, url: str) -> HttpResponse:
    """After a deed: the browser loads `url`, with or without JavaScript."""
    if request.htmx:
        return HttpResponseClientRedirect(url)
    return HttpResponse(status=302, headers={"Location": url})
