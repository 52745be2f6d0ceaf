"""What the doors here share: a question with a form, one deed, and where one goes afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import FORM_TOKEN, form_token
from tickets.portal.answers import show


@dataclass(frozen=True)
class Asked:
    """A page with one question: what will happen, a form, and the button that says what it does."""

    title: str
    send: str
    back_url: str
    back_label: str
    lead: str = ""
    effects: tuple[str, ...] = ()
    look: str = "primary"
    keep: str = "Leave it as it is"
    more: dict[str, Any] = field(default_factory=dict)


def frame(request: Any) -> dict[str, Any]:
    """What every page of returns is drawn with: customers in the portal, resellers in the width of their desk."""
    return {"section": "returns", "desk": request.actor.party != "customer"}


def deed_page(
    request: Any, asked: Asked, form: BaseForm, deed: Callable[[dict[str, Any]], tuple[str, str]]
) -> HttpResponse:
    """`deed` gets the clean data and answers (what was done, where to go). A refusal is shown at its field with all that
    was typed; one without a field answers 409: the return itself has changed."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return carry_out(request, lambda: deed(form.cleaned_data))
            except Refused as refused:
                at_field = refused.param in form.fields
                form.add_error(refused.param if at_field else None, refused.message)
                status = 422 if at_field else 409
    context = {**frame(request), "asked": asked, "form": form, **asked.more}
    return show(request, "rma/portal/deed.html", context, status=status)


def carry_out(request: Any, deed: Callable[[], tuple[str, str]]) -> HttpResponse:
    """Once for one form, however often it is sent."""
    with once(request.actor, form_token(request), print_of(request)) as claim:
        if claim.repeated:
            return HttpResponseRedirect((claim.repeated.reply or {}).get("location", reverse("returns:list")))
        words, url = deed()
        claim.finish(status=302, reply={"location": url})
    messages.success(request, words)
    return HttpResponseRedirect(url)


def print_of(request: HttpRequest) -> str:
    """Two sendings of one form are the same request; its CSRF mask may differ between them."""
    fields = [f"{name}={value}" for name, values in sorted(request.POST.lists()) for value in values]
    said = [one for one in fields if not one.startswith(("csrfmiddlewaretoken=", f"{FORM_TOKEN}="))]
    return fingerprint(request.path.encode(), *(one.encode("utf-8", "surrogatepass") for one in said))
