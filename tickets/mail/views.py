"""One's own reply addresses: taken back when a mailbox was lost, or its mail went to somebody else."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenancy.pages import page
from tickets.mail.forms import TakeBackOwnForm
from tickets.mail.taking_back import OWN, take_back_own


@require_http_methods(["GET", "HEAD", "POST"])
@page(OWN)
def own_addresses(request: Any) -> HttpResponse:
    """Twice does the same as once, so the form needs no token."""
    form = TakeBackOwnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count = take_back_own(actor=request.actor, reason=form.cleaned_data["reason"], now=request.unit.now)
        messages.success(request, _done(count))
        return HttpResponseRedirect(reverse("notifications:wishes"))
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/reply_addresses.html", {"form": form, "section": "wishes"}, status=status)


def _done(count: int) -> str:
    if not count:
        return "No reply address of yours was in force. Nothing changed."
    words = "1 reply address was" if count == 1 else f"{count} reply addresses were"
    return f"{words} taken back. The next mails carry new ones."
