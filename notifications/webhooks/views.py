"""Pages for the webhooks of one's organisation."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks import queries, services
from notifications.webhooks.events import KINDS
from notifications.webhooks.forms import EndpointForm
from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import FORM_TOKEN, form_token, page

ROWS = 50
SECTION = {"section": "webhooks"}


@require_safe
@page("webhook:manage")
def listed(request: Any) -> HttpResponse:
    rows = [{"endpoint": one, "standing": queries.standing(one)} for one in queries.endpoints_of(request.actor)]
    return render(request, "webhooks/list.html", {"rows": rows, **SECTION})


@require_http_methods(["GET", "POST"])
@page("webhook:manage")
def make(request: Any) -> HttpResponse:
    """The secret is in the answer to this one request and nowhere else."""
    form = EndpointForm(request.POST or None, party=request.actor.party)
    if request.method == "POST" and form.is_valid():
        try:
            with once(request.actor, form_token(request), _print_of(request)) as deed:
                if deed.repeated:
                    words = "This webhook was made already. Its secret was shown once; make a new one if you lost it."
                    messages.warning(request, words)
                    return HttpResponseRedirect(reverse("notifications:webhooks"))
                endpoint, secret = services.make_endpoint(
                    actor=request.actor, now=request.unit.now, **form.cleaned_data
                )
                deed.finish(status=200, reply=None)
            return _secret_page(request, endpoint, secret, "The webhook is on")
        except Refused as refused:
            form.add_error(refused.param if refused.param in form.fields else None, refused.message)
    context = {"form": form, "heading": "Make a webhook", "send_label": "Make webhook", **SECTION}
    context["back_url"] = reverse("notifications:webhooks")
    return render(request, "webhooks/form.html", context, status=422 if form.is_bound else 200)


@require_safe
@page("webhook:manage")
def detail(request: Any, endpoint_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    only = queries.GIVEN_UP if request.GET.get("only") == "given-up" else ""
    context = {
        "endpoint": endpoint,
        "standing": queries.standing(endpoint),
        "kinds": [KINDS[name] for name in endpoint.events if name in KINDS],
        "old_secret_until": queries.old_secret_until(endpoint, request.unit.now),
        "numbers": queries.number_waiting(endpoint),
        "page": Paginator(queries.deliveries_of(endpoint, only), ROWS).get_page(request.GET.get("page")),
        "only": only,
        **SECTION,
    }
    return render(request, "webhooks/detail.html", context)


@require_http_methods(["GET", "POST"])
@page("webhook:manage")
def change(request: Any, endpoint_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    initial = {"url": endpoint.url, "description": endpoint.description, "events": endpoint.events}
    form = EndpointForm(request.POST or None, party=request.actor.party, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_endpoint(actor=request.actor, endpoint=endpoint, now=request.unit.now, **form.cleaned_data)
            messages.success(request, "Saved.")
            return _to(endpoint)
        except Refused as refused:
            form.add_error(refused.param if refused.param in form.fields else None, refused.message)
    context = {"form": form, "heading": "Change the webhook", "send_label": "Save webhook", **SECTION}
    context["back_url"] = reverse("notifications:webhook", args=[endpoint.pk])
    return render(request, "webhooks/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@page("webhook:manage")
def secret(request: Any, endpoint_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    if request.method == "POST":
        with once(request.actor, form_token(request), _print_of(request)) as deed:
            if deed.repeated:
                messages.warning(request, "The new secret was made already, and shown once.")
                return _to(endpoint)
            endpoint, made = services.rotate_secret(actor=request.actor, endpoint=endpoint, now=request.unit.now)
            deed.finish(status=200, reply=None)
        return _secret_page(request, endpoint, made, "A new secret is in force")
    effects = [
        "For 24 hours each call is signed with both, the new one and the one you have now.",
        "Put the new one into your program in that time. After it, only the new one signs.",
    ]
    return _confirm(
        request,
        endpoint,
        title="Make a new secret?",
        effects=effects,
        send_label="Make new secret",
        keep_label="Keep the secret",
    )


@require_http_methods(["GET", "POST"])
@page("webhook:manage")
def remove(request: Any, endpoint_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    if request.method == "POST":
        services.remove_endpoint(actor=request.actor, endpoint=endpoint, now=request.unit.now)
        messages.success(request, f"{endpoint} is removed.")
        return HttpResponseRedirect(reverse("notifications:webhooks"))
    effects = ["Your program is told nothing more, also not what waits now.", "You can not bring it back."]
    return _confirm(
        request,
        endpoint,
        title=f"Remove the webhook {endpoint}?",
        effects=effects,
        send_label="Remove webhook",
        keep_label="Keep webhook",
        look="danger",
    )


@require_POST
@page("webhook:manage")
def switch(request: Any, endpoint_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    on = request.POST.get("on") == "1"
    services.switch_endpoint(actor=request.actor, endpoint=endpoint, on=on, now=request.unit.now)
    messages.success(request, "The webhook is on." if on else "The webhook is off. What waited was given up.")
    return _to(endpoint)


@require_POST
@page("webhook:manage")
def test(request: Any, endpoint_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    try:
        services.send_test(actor=request.actor, endpoint=endpoint, now=request.unit.now)
        messages.success(request, "A test is on its way. It stands on top of the list below.")
    except services.CannotSend as refused:
        messages.error(request, refused.message)
    return _to(endpoint)


@require_POST
@page("webhook:manage")
def replay_failed(request: Any, endpoint_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    try:
        number = services.replay_failed(actor=request.actor, endpoint=endpoint, now=request.unit.now)
        messages.success(request, f"{number} {'is' if number == 1 else 'are'} sent again, the oldest first.")
    except services.CannotSend as refused:
        messages.error(request, refused.message)
    return _to(endpoint)


@require_safe
@page("webhook:manage")
def delivery(request: Any, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    found = queries.delivery_for(endpoint, delivery_id)
    kind = KINDS.get(found.topic)
    context = {
        "endpoint": endpoint,
        "delivery": found,
        "words": kind.words if kind else "A test",
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "tries": [{**one, "at": datetime.fromisoformat(one["at"])} for one in reversed(found.tries)],
        "waits": found.state == WebhookDelivery.State.QUEUED,
        **SECTION,
    }
    return render(request, "webhooks/delivery.html", context)


@require_POST
@page("webhook:manage")
def replay(request: Any, endpoint_id: UUID, delivery_id: UUID) -> HttpResponse:
    endpoint = queries.endpoint_for(request.actor, endpoint_id)
    found = queries.delivery_for(endpoint, delivery_id)
    try:
        services.replay(actor=request.actor, endpoint=endpoint, delivery=found, now=request.unit.now)
        messages.success(request, "It is sent again.")
    except services.CannotSend as refused:
        messages.error(request, refused.message)
    return HttpResponseRedirect(reverse("notifications:webhook_delivery", args=[endpoint.pk, found.pk]))


def _to(endpoint: WebhookEndpoint) -> HttpResponse:
    return HttpResponseRedirect(reverse("notifications:webhook", args=[endpoint.pk]))


def _secret_page(request: Any, endpoint: WebhookEndpoint, made: str, heading: str) -> HttpResponse:
    context = {"endpoint": endpoint, "secret": made, "heading": heading, **SECTION}
    return render(request, "webhooks/secret.html", context)


def _confirm(request: Any, endpoint: WebhookEndpoint, **said: Any) -> HttpResponse:
    cancel_url = reverse("notifications:webhook", args=[endpoint.pk])
    return render(
        request, "components/confirm.html", {"action": request.path, "cancel_url": cancel_url, **said, **SECTION}
    )


def _print_of(request: Any) -> str:
    fields = [f"{name}={value}" for name, values in sorted(request.POST.lists()) for value in values]
    said = [field for field in fields if not field.startswith(("csrfmiddlewaretoken=", f"{FORM_TOKEN}="))]
    return fingerprint(request.path.encode(), *(field.encode() for field in said))
