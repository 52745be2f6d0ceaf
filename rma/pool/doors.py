"""What the doors of the pool share: a form, one deed done once, and where one goes afterwards."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import FORM_TOKEN, form_token

SECTION = "pool"
Deed = Callable[[dict[str, Any]], tuple[str, str]]


def form_page(
    request: Any, template: str, form: BaseForm, deed: Deed, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """`deed` gets the clean data and answers (what was done, where to go). A refusal is shown at its field, with all
    that was typed; one without a field answers 409: the thing itself has changed."""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return carry_out(request, lambda: deed(form.cleaned_data))
            except Refused as refused:
                at_field = refused.param in form.fields
                form.add_error(refused.param if at_field else None, refused.message)
                status = 422 if at_field else 409
    return render(request, template, {"section": SECTION, "form": form, **context}, status=status)


def carry_out(request: Any, deed: Callable[[], tuple[str, str]]) -> HttpResponse:
    """Once for one form, however often it is sent."""
    with once(request.actor, form_token(request), print_of(request)) as claim:
        if claim.repeated:
            return HttpResponseRedirect((claim.repeated.reply or {}).get("location", "/desk/pool/"))
        words, url = deed()
        claim.finish(status=302, reply={"location": url})
    if words:
        messages.success(request, words)
    return HttpResponseRedirect(url)


def print_of(request: HttpRequest) -> str:
    """Two sendings of one form are the same request; its CSRF mask may differ between them."""
    fields = [f"{name}={value}" for name, values in sorted(request.POST.lists()) for value in values]
    said = [one for one in fields if not one.startswith(("csrfmiddlewaretoken=", f"{FORM_TOKEN}="))]
    return fingerprint(request.path.encode(), *(one.encode() for one in said))
