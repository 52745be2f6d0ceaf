"""Keys for programs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from rozoom_support.lib.refusals import Refused
from tenancy import queries, services
from tenancy.capabilities import SCOPE_WORDS
from tenancy.deeds import once
from tenancy.forms import TokenForm
from tenancy.pages import form_token, page
from tenancy.views._doors import go, print_of, show_refusal

MOST_SHOWN = 200


@require_GET
@page("token:manage")
def tokens(request: Any) -> HttpResponse:
    now = request.unit.now
    rows = [
        {"token": token, "scopes": [SCOPE_WORDS.get(scope, scope) for scope in token.scopes], "works": works}
        for token in queries.tokens_of(request.actor, now)[:MOST_SHOWN]
        for works in [token.is_usable(now)]
    ]
    return render(request, "tenancy/tokens.html", {"rows": rows, "section": "tokens"})


@require_http_methods(["GET", "POST"])
@page("token:manage")
def make(request: Any) -> HttpResponse:
    """The secret is in the answer to this one request and nowhere else; the same form sent again shows the list."""
    form = TokenForm(request.POST or None, scopes=queries.scopes_of_kind(request.membership.organisation.kind))
    if request.method == "POST" and form.is_valid():
        try:
            with once(request.actor, form_token(request), print_of(request)) as deed:
                if deed.repeated:
                    messages.warning(request, "This token was made already. Its secret was shown once and is not kept.")
                    return go("tenancy:tokens")
                token, secret = services.make_token(
                    actor=request.actor,
                    name=form.cleaned_data["name"],
                    scopes=form.cleaned_data["scopes"],
                    expires_at=request.unit.now + timedelta(days=form.cleaned_data["expires_in"]),
                    now=request.unit.now,
                )
                deed.finish(status=200, reply=None)
            return render(request, "tenancy/token_made.html", {"token": token, "secret": secret, "section": "tokens"})
        except Refused as refused:
            show_refusal(form, refused)
    context = {"form": form, "section": "tokens"}
    return render(request, "tenancy/token_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@page("token:manage")
def revoke(request: Any, pk: UUID) -> HttpResponse:
    token = queries.token_for(request.actor, pk)
    if request.method == "POST":
        services.revoke_token(actor=request.actor, token=token, now=request.unit.now)
        messages.success(request, f"{token.name} stopped working.")
        return go("tenancy:tokens")
    context = {
        "title": f"Withdraw the token {token.name}?",
        "effects": ["Programs that use it are refused from their next call on.", "You can not bring it back."],
        "action": request.path,
        "send_label": "Withdraw token",
        "look": "danger",
        "cancel_url": reverse("tenancy:tokens"),
        "keep_label": "Keep token",
        "section": "tokens",
    }
    return render(request, "components/confirm.html", context)
