"""The pages that make a warranty void, take an appeal and answer it; and the list of what waits for somebody at roZoom."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from contracts import services
from contracts.models import WarrantyVoid
from contracts.queries import component_for
from contracts.selling.views._doors import Asked, deed_page
from contracts.selling.words import day_words
from contracts.services.voiding import BEFORE_IT_BEGINS
from contracts.standing import appeal_ends
from contracts.voiding import queries
from contracts.voiding.forms import UPHOLD, AnswerForm, AppealForm, ProposeForm
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page

POSTS = require_http_methods(["GET", "POST"])
TAKES_TWO = "For abuse, tampering or work without a licence another person confirms it. Until then nothing changes."
SECTION = {"section": "coverage"}


@require_GET
@page("warranty:propose-void")
def to_do(request: Any) -> HttpResponse:
    proposals, appeals = queries.to_do(request.actor, request.unit.now)
    context = {**SECTION, "proposals": proposals, "appeals": appeals}
    return render(request, "contracts/voiding/to_do.html", context)


@POSTS
@page("warranty:propose-void")
def propose(request: Any, component_id: UUID) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    component = component_for(actor, component_id)
    rows = [row for row in queries.warranties_of(actor, component, now) if row.can_be_void]
    grounds = queries.grounds_for(actor, rows)
    url, names = _component(component.pk), {ground for ground, _ in grounds}
    takes_two, is_alone = bool(names.difference(BEFORE_IT_BEGINS)), bool(names.intersection(BEFORE_IT_BEGINS))
    asked = Asked(
        title=f"Make a warranty of {component.serial} void",
        effects=(
            *([TAKES_TWO] if takes_two else []),
            "Once it is void: no replacement in advance, and repairs are paid for. Returns not yet shipped go on hold.",
            "The customer is told why, and can appeal for 30 days.",
        ),
        send="Make it void" if is_alone else "Propose it",
        look="danger" if is_alone else "primary",
        cancel_url=url,
        more={**SECTION, "closed": "" if grounds else "It has no warranty that can be made void now."},
    )
    form = ProposeForm(_sent(request), rows=rows, grounds=grounds)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        said = {name: data[name] for name in ("ground", "reason", "evidence")}
        void = services.propose_void(actor=actor, warranty=form.by_key[data["warranty"]], now=now, **said)
        is_done = void.state == WarrantyVoid.State.VOID
        words = "The warranty is void. The customer is told." if is_done else "Proposed. Another person confirms it."
        return words, url

    return deed_page(request, asked, form, deed)


@POSTS
@page("warranty:void")
def confirm(request: Any, void_id: UUID) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    void = services.void_for(actor, void_id)
    warranty = void.warranty
    asked = Asked(
        title=f"Make the warranty of {warranty.component.serial} void?",
        lead=f"{void.proposed_by_name} proposes it because of {void.get_ground_display().lower()}: “{void.reason}”",
        effects=(
            f"Evidence: {void.evidence}. Read it first.",
            f"The warranty would have run until {day_words(warranty.end_date)}. It protects nothing from now on.",
            "Returns not yet shipped go on hold, and their units are free.",
            f"{void.customer.name} is told why, and can appeal for 30 days.",
        ),
        send="Make it void",
        look="danger",
        keep="Not now",
        cancel_url=_component(warranty.component_id),
        more=SECTION,
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.confirm_void(actor=actor, void=void, now=now)
        return "The warranty is void. The customer is told.", asked.cancel_url

    return deed_page(request, asked, forms.Form(_sent(request)), deed)


@POSTS
@page("warranty:propose-void")
def withdraw(request: Any, void_id: UUID) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    void = services.void_for(actor, void_id)
    asked = Asked(
        title=f"Withdraw the proposal for {void.warranty.component.serial}?",
        lead=f"{void.proposed_by_name} proposed to make its warranty void: “{void.reason}”",
        effects=("The warranty stays as it is. The customer was told nothing.",),
        send="Withdraw the proposal",
        keep="Keep it",
        cancel_url=_component(void.warranty.component_id),
        more=SECTION,
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.withdraw_void(actor=actor, void=void, now=now)
        return "The proposal is withdrawn.", asked.cancel_url

    return deed_page(request, asked, forms.Form(_sent(request)), deed)


@POSTS
@page("warranty:appeal")
def appeal(request: Any, void_id: UUID) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    void = services.void_for(actor, void_id)
    if void.confirmed_at is None:
        raise NotFound
    component = void.warranty.component
    last = day_words(appeal_ends(void.confirmed_at, component.site.time_zone))
    asked = Asked(
        title=f"Appeal for the warranty of {component.serial}",
        lead=f"roZoom made it void because of {void.get_ground_display().lower()}: “{void.reason}”",
        effects=(f"You can appeal until {last}.", "A manager at roZoom reads it and answers in words."),
        send="Send the appeal",
        cancel_url=_component(component.pk),
        more=SECTION,
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.appeal(actor=actor, void=void, text=data["text"], now=now)
        return "Your appeal is with roZoom. You are told when it is answered.", asked.cancel_url

    return deed_page(request, asked, AppealForm(_sent(request)), deed)


@POSTS
@page("warranty:answer")
def answer(request: Any, void_id: UUID) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    void = services.void_for(actor, void_id)
    warranty = void.warranty
    asked = Asked(
        title=f"Answer the appeal for {warranty.component.serial}",
        lead=f"{void.appealed_by_name} writes: “{void.appeal}”" if void.appeal else "",
        effects=(
            f"Void because of {void.get_ground_display().lower()}: “{void.reason}”",
            *([f"Evidence: {void.evidence}"] if void.evidence else []),
            f"{void.proposed_by_name} proposed it, {void.confirmed_by_name} confirmed it.",
            f"The warranty runs until {day_words(warranty.end_date)}, if you give it back.",
        ),
        send="Answer",
        cancel_url=_component(warranty.component_id),
        more={**SECTION, "closed": "" if void.appeal else "Nobody appealed."},
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        upholds = data["verdict"] == UPHOLD
        decide = services.uphold if upholds else services.refuse_appeal
        decide(actor=actor, void=void, answer=data["answer"], now=now)
        words = "The warranty holds again." if upholds else "The warranty is void for good."
        return f"{words} The customer is told.", asked.cancel_url

    return deed_page(request, asked, AnswerForm(_sent(request)), deed)


def _component(key: UUID) -> str:
    return reverse("contracts:component", args=[key])


def _sent(request: Any) -> Any:
    """A form without a field of its own is sent all the same."""
    return request.POST if request.method == "POST" else None
