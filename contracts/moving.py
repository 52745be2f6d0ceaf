"""The page that moves a component to another site, and the history everybody reads."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contracts.models import Component, ComponentMove, Site
from contracts.queries import component_for
from contracts.services import move_component
from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, new_form_token, page, page_status

RADIOS_AT_MOST = 7  # a select only for more than that


class MoveForm(forms.Form):
    site = forms.ChoiceField(
        label="Where does it stand now?",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a site of this customer"),
    )
    moved_on = forms.DateField(
        label="Since which day?",
        help_text="Not a day to come.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "w-s"}),
        error_messages=dict.fromkeys(("required", "invalid"), "Enter a day, such as 2026-11-23"),
    )
    stands_at = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, sites: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, few = self.fields["site"], len(sites) <= RADIOS_AT_MOST
        field.widget = forms.RadioSelect() if few else forms.Select()
        blank = [] if few else [("", "Choose a site")]
        field.choices = [*blank, *((str(site.pk), site.name) for site in sites)]  # type: ignore[attr-defined]


def moves_of(component: Component) -> list[ComponentMove]:
    """The latest first."""
    return list(component.moves.select_related("from_site", "to_site").order_by("-recorded_at"))


@require_http_methods(["GET", "HEAD", "POST"])
@page("component:manage")
def move(request: Any, component_id: UUID) -> HttpResponse:
    component = component_for(request.actor, component_id)
    others = Site.objects.filter(customer_id=component.customer_id, is_active=True).exclude(pk=component.site_id)
    sites = list(others.order_by("name"))
    if request.method != "POST":
        return _page(request, component, MoveForm(sites=sites, initial={"stands_at": component.site_id}))
    form = MoveForm(request.POST, sites=sites)
    if not form.is_valid():
        return _page(request, component, form, status=422)
    try:
        _move_once(request, component, form.cleaned_data, sites)
    except Refused as refused:
        form.add_error(refused.param if refused.param in form.fields else None, refused.message)
        return _page(request, component, form, status=page_status(refused))
    messages.success(request, "The move is recorded.")
    return HttpResponseRedirect(reverse("contracts:component", args=[component.pk]))


def _move_once(request: Any, component: Component, cleaned: dict[str, Any], sites: list[Site]) -> None:
    digest = fingerprint(component.pk.bytes, cleaned["site"].encode(), str(cleaned["moved_on"]).encode())
    with once(request.actor, form_token(request), digest) as deed:
        if deed.repeated is None:
            move_component(
                actor=request.actor,
                component=component,
                to=next(site for site in sites if str(site.pk) == cleaned["site"]),
                moved_on=cleaned["moved_on"],
                now=request.unit.now,
                seen_at=cleaned["stands_at"],
            )
            deed.finish(status=302, reply={})


def _page(request: Any, component: Component, form: MoveForm, *, status: int = 200) -> HttpResponse:
    context = {
        "section": "coverage",
        "component": component,
        "form": form,
        "has_sites": bool(form.fields["site"].choices),  # type: ignore[attr-defined]
        "back_url": reverse("contracts:component", args=[component.pk]),
        "form_token": new_form_token(),
    }
    return render(request, "contracts/move.html", context, status=status)
