"""P2: the steps of a report. Each has its own address, keeps whatever was typed, and leads on when its answers will do."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page
from tickets.files import BadFile, check_file
from tickets.portal import forms as shapes
from tickets.portal.answers import nothing, show
from tickets.portal.shown import Offer
from tickets.portal.views.report import find, to_ticket
from tickets.portal.writing import Writing
from tickets.queries import files_of_draft
from tickets.services import drop_file, keep_answers, keep_file
from tickets.severity import propose
from tickets.shown import file_of, partner_of, zone_of

WRITTEN = ("subject", "description", "error_code")


@page("ticket:file")
def component(request: Any, draft_id: UUID) -> HttpResponse:
    return _step(request, draft_id, "component")


@page("ticket:file")
def site(request: Any, draft_id: UUID) -> HttpResponse:
    return _step(request, draft_id, "site")


@page("ticket:file")
def impact(request: Any, draft_id: UUID) -> HttpResponse:
    return _step(request, draft_id, "impact")


@page("ticket:file")
def problem(request: Any, draft_id: UUID) -> HttpResponse:
    return _step(request, draft_id, "problem")


def _step(request: Any, draft_id: UUID, name: str) -> HttpResponse:
    try:
        begun = find(request, draft_id)
    except NotFound:
        return to_ticket(request, draft_id)
    if request.method == "POST":
        return _answer(request, begun, name)
    earlier = begun.first_open(before=name)
    if earlier is not None:
        return redirect(begun.url(earlier))
    return _page(request, begun, name, begun.form(name))


def _answer(request: Any, begun: Writing, name: str) -> HttpResponse:
    form = begun.form(name, request.POST)
    begun = _keep(request, begun, form)
    refused = _files(request, begun) if name == "problem" else []
    if "remove" in request.POST:
        return HttpResponseRedirect(f"{request.get_full_path()}#files")
    for message in refused:
        form.add_error("files", message)
    if not form.is_valid():
        return _page(request, begun, name, form, 422)
    return HttpResponseRedirect(begun.after(name, to_check=request.GET.get("from") == "check"))


def _keep(request: Any, begun: Writing, form: Form) -> Writing:
    """Keep what was typed, also what will be refused. Another component asks again where it stands."""
    answers = {name: request.POST[name] for name in form.fields if name in request.POST}
    if isinstance(form, shapes.ComponentForm):
        answers = begun.chosen(form, answers)
    forget: tuple[str, ...] = ()
    if "component" in answers and answers["component"] != begun.answers.get("component"):
        forget = ("site", "site_contact", "access_hours")
        if begun.answers.get("service_kind") == begun.usual_kind:
            forget += ("service_kind",)
    kept = keep_answers(actor=request.actor, draft=begun.draft, answers=answers, forget=forget, now=request.unit.now)
    kept.customer = begun.customer
    fresh = Writing(request.actor, kept, begun.now, words=begun.words)
    fresh.choices = begun.choices
    return fresh


def _files(request: Any, begun: Writing) -> list[str]:
    """Keep each good file; the words of the refused ones. One bad file costs nobody the others."""
    refused = []
    for upload in request.FILES.getlist("files"):
        try:
            keep_file(actor=request.actor, draft=begun.draft, file=check_file(upload), now=request.unit.now)
        except BadFile as bad:
            refused.append(bad.message)
    with suppress(ValueError):  # no Remove was pressed
        drop_file(actor=request.actor, draft=begun.draft, file_id=UUID(request.POST.get("remove", "")))
    return refused


def _page(request: Any, begun: Writing, name: str, form: Form, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "section": "new",
        "form": form,
        "begun": begun,
        "choices": begun.choices,
        "search_url": begun.url(name),
        "from_check": request.GET.get("from") == "check",
        "back_url": begun.url("check") if request.GET.get("from") == "check" else begun.back(name),
        **begun.steps(name),
    }
    if name == "problem":
        keep_as_typed(form, reverse("portal:keep", args=[begun.draft.pk]))
        context["kept_files"] = [(one.pk, file_of(one)) for one in files_of_draft(begun.draft)]
    if name == "impact":
        context["partner"] = partner_of(begun.draft.reseller)
        context["offer"] = _offer(request, begun.valid.get("impact"))
        context["outlook"] = begun.outlook
    part = "portal/_pick.html" if name == "component" and request.method == "GET" else ""
    return show(request, f"portal/step_{name}.html", context, part=part, status=status)


def keep_as_typed(form: Form, url: str) -> None:
    """Each text goes to the draft while it is typed; the name in the address tells their copies in the tab apart."""
    for name in WRITTEN:
        form.fields[name].widget.attrs["data-draft-url"] = f"{url}?text={name}"


def _offer(request: Any, form: Form | None) -> Offer | None:
    if not isinstance(form, shapes.ImpactForm) or not form.is_valid():
        return None
    return Offer.of(propose(form.impact()), request.unit.now, zone_of(request))


@require_GET
@page("ticket:file")
def proposal(request: Any, draft_id: UUID) -> HttpResponse:
    """The severity these answers would get, while they are being given. Nothing is kept."""
    begun = find(request, draft_id)
    if not request.htmx:
        return redirect(begun.url("impact"))
    offer = _offer(request, shapes.ImpactForm(request.GET))
    return show(request, "portal/_proposal_live.html", {"offer": offer, "outlook": begun.outlook})


@require_POST
@page("ticket:file")
def keep(request: Any, draft_id: UUID) -> HttpResponse:
    """Autosave of what is being typed."""
    begun = find(request, draft_id)
    answers = {name: request.POST[name] for name in WRITTEN if name in request.POST}
    keep_answers(actor=request.actor, draft=begun.draft, answers=answers, now=request.unit.now)
    return nothing(request)
