"""The door of every page: who may come in, and how refusals are said. Views behind it find, call and answer."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.actor import NotAllowed

FORM_TOKEN = "form_token"  # noqa: S105  (the name of a field)
ACTING = "acting"  # the membership a form was made for; {% csrf_token %} writes it (rozoom_support/lib/ui)
View = Callable[..., HttpResponse]
SENDING = re.compile(r"[0-9a-f]{8,16}")
WORDS = re.compile(r"\S\s+\S")


def page(capability: str) -> Callable[[View], View]:
    """Only for people of an organisation whose role has `capability`; others sign in or read why not.

    NotFound becomes the 404 page; a Refused that the view did not show at its field becomes a page with its words.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def door(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if request.actor is None:
                return render(request, "tenancy/no_organisation.html", status=403)
            if not request.actor.can(capability):
                raise Http404  # a page this role does not have answers as if it were not there
            try:
                return view(request, *args, **kwargs)
            except NotFound as missing:
                raise Http404 from missing
            except Refused as refused:
                request.unit.failed = True
                return render(request, "refused.html", {"refused": refused}, status=page_status(refused))

        door.capability = capability  # type: ignore[attr-defined]
        return door

    return decorate


def page_status(refused: Refused) -> int:
    """Pages answer 403, 409 or 422; a stale form is a collision."""
    if isinstance(refused, NotAllowed):
        return 403
    return 409 if refused.status == 412 else refused.status


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in and come back. What was typed is kept by the page's own draft; without JavaScript it is shown, to copy."""
    back = request.get_full_path() if request.method == "GET" else request.META.get("HTTP_REFERER", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    target = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": target})
    if texts := typed_texts(request):
        return render(request, "signed_out.html", {"texts": texts, "sign_in_url": target}, status=403)
    return HttpResponseRedirect(target)


def for_another(request: Any, organisation: str) -> HttpResponse:
    """The form belongs to the work for one organisation, and since then the person began to work for another, in another
    window or because the access ended. What they meant for the one must not be done for the other."""
    organisation = organisation or "another organisation"
    if request.headers.get("HX-Request"):  # the tab keeps the text
        said = f"Not sent: that page was opened for {organisation}, and you now work for {request.membership.organisation.name}."
        messages.error(request, said)
        return HttpResponse(status=409, headers={"HX-Redirect": "/"})
    is_still_theirs = any(one.organisation.name == organisation for one in request.memberships)
    context = {"organisation": organisation, "is_still_theirs": is_still_theirs, "texts": typed_texts(request)}
    return render(request, "for_another.html", context, status=409)


def to_first_page(request: HttpRequest) -> HttpResponse:
    """A page that only asks for news is left as it is: somebody may be writing on it."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=409, headers={"HX-Reswap": "none"})
    return HttpResponseRedirect("/")


def typed_texts(request: HttpRequest) -> list[str]:
    """What a person wrote into a form that can not be taken: shown back, so that it is not lost."""
    if request.method != "POST":
        return []
    room, found = settings.LIMITS["message_bytes"], []
    for name, value in request.POST.items():
        # Prose has spaces; names of fields, choices and keys have none. Passwords may have some and are never shown.
        if "password" in name or not WORDS.search(str(value)):
            continue
        text = str(value).encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
        room -= len(text.encode())
        if text:
            found.append(text)
    return found


def say_arrived(request: HttpRequest, response: HttpResponse) -> None:
    """The answer to a form that was done says which one, so that the browser forgets its copy of the text (app.js)."""
    sending = request.COOKIES.get("sending", "")
    if SENDING.fullmatch(sending):
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(f"arrived-{sending}", "1", max_age=60, secure=secure, samesite="Lax")


def new_form_token() -> str:
    """Stands hidden in every form that does something; sent twice, it is done once (tenancy/deeds.py)."""
    return uuid4().hex


def form_token(request: HttpRequest) -> str:
    return request.POST.get(FORM_TOKEN, "")[:64]
