"""The people of one's own organisation: who may come in, as what, and who not any more."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rozoom_support.lib.refusals import Refused
from tenancy import queries, services
from tenancy.deeds import once
from tenancy.forms import InviteForm, RoleForm
from tenancy.models import Membership
from tenancy.pages import form_token, page
from tenancy.views._doors import Form, go, print_of, show_refusal

PAGE_SIZE = 50


@require_GET
@page("people:read")
def people(request: Any) -> HttpResponse:
    """Administrators manage; everybody else reads whom to ask."""
    if not request.actor.can("people:manage"):
        helpers = list(queries.helpers_of(request.actor)[:20])
        return render(request, "tenancy/people_helpers.html", {"helpers": helpers, "section": "people"})
    words = request.GET.get("q", "")[:80]
    found = Paginator(queries.people_of(request.actor, words), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": found,
        "people": list(found.object_list),
        "words": words,
        "invitations": list(queries.open_invitations_of(request.actor)[:100]),
        "section": "people",
    }
    return render(request, "tenancy/people.html", context)


@require_http_methods(["GET", "POST"])
@page("people:manage")
def invite(request: Any) -> HttpResponse:
    organisation = request.membership.organisation
    form = InviteForm(request.POST or None, kind=organisation.kind)
    if request.method == "POST" and form.is_valid():
        try:
            with once(request.actor, form_token(request), print_of(request)) as deed:
                if not deed.repeated:
                    invitation, _ = services.invite(
                        actor=request.actor, organisation=organisation, now=request.unit.now, **form.cleaned_data
                    )
                    messages.success(request, f"The invitation to {invitation.email} is on its way.")
                return go("tenancy:people", deed=deed)
        except Refused as refused:
            show_refusal(form, refused)
    context = {"form": form, "organisation": organisation, "section": "people"}
    return render(request, "tenancy/invite.html", context, status=422 if form.is_bound else 200)


@require_POST
@page("people:manage")
def resend(request: Any, pk: int) -> HttpResponse:
    invitation = queries.invitation_for(request.actor, pk)
    services.resend_invitation(actor=request.actor, invitation=invitation, now=request.unit.now)
    messages.success(request, f"A new link to {invitation.email} is on its way. The old one stopped working.")
    return go("tenancy:people")


@require_POST
@page("people:manage")
def withdraw(request: Any, pk: int) -> HttpResponse:
    invitation = queries.invitation_for(request.actor, pk)
    services.withdraw_invitation(actor=request.actor, invitation=invitation, now=request.unit.now)
    messages.success(request, f"The invitation to {invitation.email} is withdrawn. Its link stopped working.")
    return go("tenancy:people")


@require_http_methods(["GET", "POST"])
@page("people:manage")
def person(request: Any, pk: int) -> HttpResponse:
    membership = queries.membership_for(request.actor, pk)
    initial = {"role": membership.role}
    form = RoleForm(request.POST or None, kind=membership.organisation.kind, initial=initial)
    if request.method == "POST" and form.is_valid() and _change_role(request, membership, form):
        messages.success(request, f"Saved. {membership.person_name} works with the new role from now on.")
        return go("tenancy:people")
    context = {
        "form": form,
        "one": membership,
        "is_oneself": membership.person_id == request.actor.person_id,
        "section": "people",
    }
    return render(request, "tenancy/person.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@page("people:manage")
def deactivate(request: Any, pk: int) -> HttpResponse:
    membership = queries.membership_for(request.actor, pk)
    if request.method == "POST":
        services.deactivate(actor=request.actor, membership=membership, now=request.unit.now)
        messages.success(request, f"{membership.person_name} has no access any more.")
        return go("tenancy:people")
    name = membership.person_name
    context = {
        "title": f"End the access of {name}?",
        "effects": [
            f"{name} sees nothing of {membership.organisation.name} from the next click on.",
            "What they wrote stays, with their name.",
            "Open tickets they work on go back to the team.",
            "API tokens they made go on working. Withdraw them under API tokens if need be.",
        ],
        "action": request.path,
        "send_label": "End access",
        "look": "danger",
        "cancel_url": reverse("tenancy:person", args=[pk]),
        "keep_label": "Keep access",
        "section": "people",
    }
    return render(request, "components/confirm.html", context)


@require_POST
@page("people:manage")
def let_back_in(request: Any, pk: int) -> HttpResponse:
    membership = queries.membership_for(request.actor, pk)
    services.let_back_in(actor=request.actor, membership=membership, now=request.unit.now)
    messages.success(request, f"{membership.person_name} has access again.")
    return HttpResponseRedirect(reverse("tenancy:people"))


def _change_role(request: Any, membership: Membership, form: Form) -> bool:
    try:
        services.change_role(
            actor=request.actor, membership=membership, role=form.cleaned_data["role"], now=request.unit.now
        )
    except Refused as refused:
        show_refusal(form, refused)
        return False
    return True
