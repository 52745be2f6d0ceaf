"""The page an invitation's link opens."""

from typing import Any

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy import queries, services
from tenancy.context import database_now
from tenancy.forms import AcceptForm
from tenancy.middleware import identity_view
from tenancy.models import Invitation
from tenancy.views._doors import show_refusal


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@never_cache
@identity_view
def accept(request: Any, secret: str) -> HttpResponse:
    """New people choose a name and a password; people who have an account sign in, then join."""
    now = database_now()
    try:
        invitation = queries.invitation_by_secret(secret, now)
    except NotFound:
        return _gone(request)
    if request.user.is_authenticated:
        return _join(request, invitation, secret)
    account = queries.account_of(invitation.email)
    if account is not None:
        context = {"invitation": invitation, "account": account}
        return render(request, "tenancy/invitation_sign_in.html", context)
    return _begin(request, invitation, secret)


def _join(request: Any, invitation: Invitation, secret: str) -> HttpResponse:
    is_theirs = request.user.email.lower() == invitation.email.lower()
    context: dict[str, Any] = {"invitation": invitation, "is_theirs": is_theirs}
    if request.method == "POST":
        try:
            membership = services.accept_invitation(secret=secret, person=request.user, now=database_now())
        except NotFound:
            return _gone(request)
        except Refused as refused:
            context["refused"] = refused
            return render(request, "tenancy/invitation_join.html", context, status=409)
        request.session["membership"] = membership.pk
        request.session.cycle_key()
        messages.success(request, f"You work for {invitation.organisation.name} now.")
        return HttpResponseRedirect("/")
    return render(request, "tenancy/invitation_join.html", context)


def _begin(request: Any, invitation: Invitation, secret: str) -> HttpResponse:
    form = AcceptForm(request.POST or None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        try:
            membership = services.accept_invitation(secret=secret, now=database_now(), **form.cleaned_data)
        except NotFound:
            return _gone(request)
        except Refused as refused:
            show_refusal(form, refused)
        else:
            messages.success(request, f"Welcome to roZoom Support. You work for {invitation.organisation.name} now.")
            return perform_login(request, membership.person, redirect_url=reverse("tenancy:welcome"))
    context = {"form": form, "invitation": invitation}
    return render(request, "tenancy/invitation.html", context, status=422 if form.is_bound else 200)


def _gone(request: Any) -> HttpResponse:
    """Wrong, used, expired and withdrawn look the same."""
    return render(request, "tenancy/invitation_gone.html", status=404)
