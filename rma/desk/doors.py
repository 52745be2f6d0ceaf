"""What the pages here share: one form, one deed done once, and where one goes afterwards. Refusals stand at their field."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from rozoom_support.lib.refusals import Refused
from tenancy.actor import NotAllowed
from tenancy.deeds import fingerprint, once
from tenancy.pages import FORM_TOKEN, form_token, page_status

# What was done, where to go, and how it is said: success or warning.
Done = tuple[str, str, str]


@dataclass(frozen=True)
class Question:
    """A page with one question: what will happen, a form, and the button that says what it does."""

    title: str
    send: str
    cancel_url: str
    back: str
    section: str
    about: str = ""
    effects: tuple[str, ...] = ()
    look: str = "primary"
    template: str = "rma/desk/deed.html"
    more: dict[str, Any] = field(default_factory=dict)


def deed_page(request: Any, asked: Question, form: BaseForm, deed: Callable[[dict[str, Any]], Done]) -> HttpResponse:
    """A refusal is shown at its field with all that was typed. One without a field says that the thing itself changed."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return carry_out(request, lambda: deed(form.cleaned_data), asked.cancel_url)
            except Refused as refused:
                status = say_at_field(form, refused)
    context = {"section": asked.section, "asked": asked, "form": form, **asked.more}
    return render(request, asked.template, context, status=status)


def say_at_field(form: BaseForm, refused: Refused) -> int:
    """The status of the page that shows it."""
    if isinstance(refused, NotAllowed):
        raise refused
    visible = refused.param in form.fields and not form[refused.param].is_hidden
    form.add_error(refused.param if visible else None, refused.message)
    return 422 if visible else page_status(refused)


def carry_out(request: Any, deed: Callable[[], Done], otherwise: str) -> HttpResponse:
    """Once for one form, however often it is sent."""
    with once(request.actor, form_token(request), print_of(request)) as claim:
        if claim.repeated:
            return HttpResponseRedirect((claim.repeated.reply or {}).get("location", otherwise))
        words, url, level = deed()
        claim.finish(status=302, reply={"location": url})
    messages.add_message(request, messages.WARNING if level == "warning" else messages.SUCCESS, words)
    return HttpResponseRedirect(url)


def posted(request: HttpRequest) -> QueryDict | None:
    """For a form: what was sent, also when that is nothing."""
    return request.POST if request.method == "POST" else None


def print_of(request: HttpRequest) -> str:
    """Two sendings of one form are the same request; its CSRF mask may differ between them."""
    fields = [f"{name}={value}" for name, values in sorted(request.POST.lists()) for value in values]
    said = [one for one in fields if not one.startswith(("csrfmiddlewaretoken=", f"{FORM_TOKEN}="))]
    return fingerprint(request.path.encode(), *(one.encode() for one in said))
