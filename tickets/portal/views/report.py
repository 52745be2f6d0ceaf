"""P2: a report from its beginning to "Send ticket". The steps between stand in steps.py."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import page
from tickets.models import Channel, Ticket
from tickets.portal import writing
from tickets.portal.answers import show
from tickets.portal.forms import CheckForm, CustomerForm
from tickets.portal.shown import Offer, by_words, readers_of
from tickets.portal.summary import summary_of
from tickets.portal.writing import Writing, sent_as
from tickets.queries import draft_for, files_of_draft, reports_begun
from tickets.services import begin_report, discard_report, file_ticket, keep_answers
from tickets.severity import propose
from tickets.shown import file_of, partner_of, zone_of


@page("ticket:file")
def new(request: Any) -> HttpResponse:
    """The first question. A draft begins with its answer, so that looking at the page leaves nothing behind."""
    if request.actor.party == "customer":
        return _first_component(request)
    words = request.GET.get("q", "")
    choices = writing.customer_choices(words)
    sent = request.POST if request.method == "POST" else None
    form = CustomerForm(sent, find=writing.customer_by_code, choices=choices.shown)
    if request.method == "POST" and form.is_valid():
        return _begin(request, form.cleaned_data["customer"], {})
    return _first_page(request, form, choices, {"steps": [], "number": 1})


def _first_component(request: Any) -> HttpResponse:
    draft = writing.unsaved(request.membership.organisation, ticked(request))
    begun = Writing(request.actor, draft, request.unit.now, words=request.GET.get("q", ""))
    form = begun.form("component", request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        typed = {name: request.POST[name] for name in form.fields if name in request.POST}
        return _begin(request, draft.customer, begun.chosen(form, typed))
    return _first_page(request, form, begun.choices, begun.steps("component"))


def ticked(request: Any) -> dict[str, str]:
    """While htmx narrows the list, what is ticked stays ticked."""
    return {"component": request.GET["component"]} if request.htmx and "component" in request.GET else {}


def _begin(request: Any, customer: Any, answers: dict[str, str]) -> HttpResponse:
    now = request.unit.now
    draft = begin_report(actor=request.actor, customer=customer, now=now)
    if answers:
        keep_answers(actor=request.actor, draft=draft, answers=answers, now=now)
    return redirect("portal:step_site" if answers else "portal:step_component", draft.pk)


def _first_page(request: Any, form: Any, choices: writing.Choices | None, steps: dict[str, Any]) -> HttpResponse:
    context = {
        "section": "new",
        "form": form,
        "choices": choices,
        "drafts": reports_begun(request.actor),
        "search_url": reverse("portal:new"),
        "back_url": "/",
        "back_label": "Home" if request.actor.party == "customer" else "Queue",
        **steps,
    }
    return show(request, "portal/new.html", context, part="portal/_pick.html", status=422 if form.errors else 200)


def find(request: Any, draft_id: UUID) -> Writing:
    draft = draft_for(request.actor, draft_id)
    draft.answers |= ticked(request)
    return Writing(request.actor, draft, request.unit.now, words=request.GET.get("q", ""))


@page("ticket:file")
def go_on(request: Any, draft_id: UUID) -> HttpResponse:
    """Where this report was left."""
    try:
        begun = find(request, draft_id)
    except NotFound:
        return to_ticket(request, draft_id)
    return redirect(begun.url(begun.first_open() or "check"))


def to_ticket(request: Any, draft_id: UUID) -> HttpResponse:
    """The way back into a report that was sent leads to its ticket. Raises NotFound for all others."""
    location = sent_as(request.actor, draft_id)
    if not location:
        raise NotFound
    return HttpResponseRedirect(location)


@page("ticket:file")
def discard(request: Any, draft_id: UUID) -> HttpResponse:
    begun = find(request, draft_id)
    if request.method == "POST":
        discard_report(actor=request.actor, draft=begun.draft)
        messages.info(request, "The report was discarded.")
        return redirect("/")
    named = f"“{begun.answers['subject']}”" if begun.answers.get("subject") else "this report"
    context = {
        "title": f"Discard {named}?",
        "effects": ["What you wrote and the files you added are removed.", "Nothing was sent to anybody."],
        "action": request.path,
        "send_label": "Discard the report",
        "look": "danger",
        "cancel_url": reverse("portal:draft", args=[draft_id]),
        "keep_label": "Go on with it",
    }
    return render(request, "components/confirm.html", context)


@page("ticket:file")
def check(request: Any, draft_id: UUID) -> HttpResponse:
    """Check your answers, then send. However often it is sent, it becomes one ticket."""
    try:
        begun = find(request, draft_id)
    except NotFound:
        return to_ticket(request, draft_id)
    still_open = begun.first_open()
    if still_open is not None:
        return redirect(f"{begun.url(still_open)}?from=check")
    if request.method != "POST":
        return _check_page(request, begun, CheckForm(initial=begun.answers))
    form = CheckForm(request.POST)
    try:
        _keep_doubt(request, begun)
        if form.is_valid():
            return HttpResponseRedirect(_send(request, begun, form.cleaned_data["severity_doubt"]))
    except NotFound:  # the other click was faster
        return to_ticket(request, draft_id)
    except Refused as refused:
        form.add_error(None, refused.message)
    return _check_page(request, begun, form, 422)


def _keep_doubt(request: Any, begun: Writing) -> None:
    typed = {"severity_doubt": request.POST.get("severity_doubt", "")}
    keep_answers(actor=request.actor, draft=begun.draft, answers=typed, now=request.unit.now)


def _check_page(request: Any, begun: Writing, form: CheckForm, status: int = 200) -> HttpResponse:
    pictures = [file_of(one) for one in files_of_draft(begun.draft)]
    context = {
        "section": "new",
        "form": form,
        "begun": begun,
        "rows": summary_of(begun, pictures),
        "files": pictures,
        "readers": readers_of(begun.customer.name, partner_of(begun.draft.reseller)),
        "offer": Offer.of(propose(begun.impact()), request.unit.now, zone_of(request)),
        "outlook": begun.outlook,
        "back_url": begun.back("check"),
        **begun.steps("check"),
    }
    return show(request, "portal/check.html", context, status=status)


def _send(request: Any, begun: Writing, doubt: str) -> str:
    draft, actor = begun.draft, request.actor
    with once(actor, writing.deed_key(draft.pk), fingerprint(draft.pk.bytes)) as deed:
        if deed.repeated is not None:
            return str((deed.repeated.reply or {})["location"])
        sent = file_ticket(
            actor=actor,
            customer=begun.customer,
            report=begun.report(doubt),
            channel=Channel.PHONE if actor.is_operator else Channel.PORTAL,
            now=request.unit.now,
            draft=draft,
        )
        location = _after_sending(request, sent)
        deed.finish(status=302, reply={"location": location})
        return location


def _after_sending(request: Any, sent: Ticket) -> str:
    if request.actor.party == "customer":
        return f"{reverse('portal:ticket', args=[sent.reference])}?sent=1"
    filed = f"Filed as {sent.reference}, severity {sent.severity}."
    if sent.response_due_at is None:
        messages.warning(request, f"{filed} It is not covered, so no answer time is promised.")
    else:
        due = by_words(sent.response_due_at, zone_of(request), request.unit.now)
        messages.success(request, f"{filed} First answer due by {due}.")
    return reverse("desk:ticket", args=[sent.reference])
