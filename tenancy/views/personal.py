"""Settings, the two switches in the footer, and the organisation one works for."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy import services
from tenancy.context import database_now
from tenancy.forms import HOME, ClockUpdatesForm, DensityForm, KeysForm, NameForm, ThemeForm, ZoneForm
from tenancy.models import Kind
from tenancy.preferences import preferences_of
from tenancy.views._doors import go, personal, show_refusal, way_back

AT_DESK = (Kind.OPERATOR, Kind.RESELLER)
Make = Callable[[QueryDict | None], forms.Form]


@personal
@require_http_methods(["GET", "POST"])
def settings(request: Any) -> HttpResponse:
    """Each group saves alone."""
    groups = _groups(request)
    if request.method == "POST":
        chosen = request.POST.get("group", "")
        form = groups.get(chosen)
        if form is not None and form.is_valid() and _save(request, form):
            messages.success(request, "Saved.")
            return go("tenancy:settings")
    status = 422 if request.method == "POST" else 200
    context = {"groups": groups.items(), "form": _failed(groups), "section": "settings"}
    return render(request, "tenancy/settings.html", context, status=status)


@personal
@require_GET
def welcome(request: Any) -> HttpResponse:
    """The first page of a new person."""
    return render(request, "tenancy/welcome.html")


@personal
@require_POST
def theme(request: Any) -> HttpResponse:
    return _quick(request, "theme")


@personal
@require_POST
def clock_updates(request: Any) -> HttpResponse:
    return _quick(request, "clock_updates")


@personal
@require_POST
def switch(request: Any) -> HttpResponse:
    """Work for another of one's organisations. What was open belongs to the old one, so it begins at the first page."""
    try:
        chosen = services.switch_membership(memberships=request.memberships, chosen=request.POST.get("membership", ""))
    except NotFound:
        messages.error(request, "You do not work for this organisation any more.")
        return HttpResponseRedirect("/")
    request.session["membership"] = chosen.pk
    request.session.cycle_key()
    return HttpResponseRedirect("/")


def _quick(request: Any, name: str) -> HttpResponse:
    """A switch on every page. A value nobody offers changes nothing."""
    try:
        services.set_preferences(person=request.user, changes={name: request.POST.get(name, "")})
    except Refused as refused:
        messages.error(request, refused.message)
    return HttpResponseRedirect(way_back(request))


def _groups(request: Any) -> dict[str, forms.Form]:
    stored = request.user.preferences
    now = preferences_of(request.user, request.membership)
    home = request.membership.organisation.time_zone if request.membership else "UTC"
    made: dict[str, Make] = {
        "name": lambda data: NameForm(data, initial={"name": request.user.name}),
        "time_zone": lambda data: ZoneForm(data, home=home, initial={"time_zone": stored.get("time_zone") or HOME}),
        "theme": lambda data: ThemeForm(data, initial=now),
        "clock_updates": lambda data: ClockUpdatesForm(data, initial=now),
    }
    if request.membership and request.membership.organisation.kind in AT_DESK:
        made["density"] = lambda data: DensityForm(data, initial=now)
        made["keys"] = lambda data: KeysForm(data, initial={"keys": "on" if now["keys"] else "off"})
    sent = request.POST.get("group") if request.method == "POST" else None
    return {name: make(request.POST if name == sent else None) for name, make in made.items()}


def _save(request: Any, form: Any) -> bool:
    try:
        if "name" in form.cleaned_data:
            services.rename(person=request.user, name=form.cleaned_data["name"], now=database_now())
        else:
            services.set_preferences(person=request.user, changes=form.cleaned_data)
    except Refused as refused:
        show_refusal(form, refused)
        return False
    return True


def _failed(groups: dict[str, forms.Form]) -> forms.Form | None:
    return next((form for form in groups.values() if form.is_bound), None)
