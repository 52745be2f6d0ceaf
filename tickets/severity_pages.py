"""P5: one page for all parties: where the agreement about a severity stands, and what the reader may do about it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from rozoom_support.lib.refusals import Refused
from sla.queries import segments_of
from tenancy.actor import NotAllowed
from tenancy.deeds import fingerprint, once
from tenancy.models import Organisation
from tenancy.pages import form_token, page, page_status
from tickets import services
from tickets.models import SeverityProposal, Ticket
from tickets.portal.shown import by_words
from tickets.queries import ticket_for
from tickets.services.consenting import set_standing_consent
from tickets.severity_forms import AgreeForm, ObjectForm, ProposeForm, WithdrawForm
from tickets.severity_panel import awaited, confirm_words, effect_of, panel_of, parties_of, running, state_now
from tickets.shown import zone_of

Deed = Callable[[dict[str, Any]], SeverityProposal]


@require_GET
@page("ticket:read")
def panel(request: Any, reference: str) -> HttpResponse:
    ticket = ticket_for(request.actor, reference)
    if reference != ticket.reference:
        return redirect("severity:panel", ticket.reference)
    return _show(request, ticket)


@require_http_methods(["GET", "POST"])
@page("severity:propose")
def propose(request: Any, reference: str) -> HttpResponse:
    ticket = ticket_for(request.actor, reference)
    if request.method == "GET":  # an error page that was loaded again
        return redirect("severity:panel", ticket.reference)

    def deed(data: dict[str, Any]) -> SeverityProposal:
        return services.propose_severity(
            actor=request.actor, ticket=ticket, to=data["to"], reason=data["reason"], now=request.unit.now
        )

    return _carry_out(request, ticket, "propose", ProposeForm(request.POST), deed)


@require_http_methods(["GET", "POST"])
@page("severity:propose")
def answer(request: Any, reference: str, number: int) -> HttpResponse:
    """Agrees, or objects. Who would wait longer is asked once more."""
    ticket = ticket_for(request.actor, reference)
    if request.method == "GET":
        return redirect("severity:panel", ticket.reference)
    agrees = request.POST.get("agrees") == "yes"
    form = AgreeForm(request.POST) if agrees else ObjectForm(request.POST)

    def deed(data: dict[str, Any]) -> SeverityProposal:
        return services.answer_severity(
            actor=request.actor,
            ticket=ticket,
            number=number,
            agrees=agrees,
            reason=data.get("reason", ""),
            version=data["version"],
            now=request.unit.now,
        )

    if agrees and form.is_valid() and (asked := _asked_first(request, ticket, number, form.cleaned_data)):
        return asked
    return _carry_out(request, ticket, f"{'agree' if agrees else 'object'} {number}", form, deed)


@require_http_methods(["GET", "POST"])
@page("severity:propose")
def withdraw(request: Any, reference: str, number: int) -> HttpResponse:
    ticket = ticket_for(request.actor, reference)
    if request.method == "GET":
        return redirect("severity:panel", ticket.reference)

    def deed(data: dict[str, Any]) -> SeverityProposal:
        return services.withdraw_proposal(
            actor=request.actor, ticket=ticket, number=number, version=data["version"], now=request.unit.now
        )

    return _carry_out(request, ticket, f"withdraw {number}", WithdrawForm(request.POST), deed)


@require_http_methods(["GET", "POST"])
@page("severity:consent")
def consent(request: Any) -> HttpResponse:
    """A reseller agrees beforehand to every raise, or stops doing so."""
    if request.method == "POST":
        consents = request.POST.get("consents") == "yes"
        if set_standing_consent(actor=request.actor, consents=consents, now=request.unit.now):
            messages.success(request, "Standing consent is on." if consents else "Standing consent is off.")
        return redirect("severity:consent")
    own = Organisation.objects.get(pk=request.actor.organisation_id)
    return render(request, "severity/consent.html", {"section": "consent", "own": own})


def _asked_first(request: Any, ticket: Ticket, number: int, data: dict[str, Any]) -> HttpResponse | None:
    """The page that names the later time. None when nothing gets later, it was accepted, or the deed will refuse anyway."""
    proposal = SeverityProposal.objects.filter(customer_id=ticket.customer_id, ticket=ticket, number=number).first()
    now, zone = request.unit.now, zone_of(request)
    if (
        proposal is None
        or proposal.version != data["version"]
        or state_now(proposal, now)[0] != SeverityProposal.State.OPEN
        or request.actor.party not in awaited(proposal, parties_of(ticket))
    ):
        return None
    effect = effect_of(proposal, running(segments_of(ticket.customer_id, ticket.pk)), now)
    if effect is None or not effect.is_longer or data["confirmed"] == effect.due_at.isoformat():
        return None
    context = {
        **_frame(request, ticket),
        "title": f"Agree to severity {proposal.to_severity}?",
        "text": confirm_words(request.actor, effect, zone, now),
        "proposal": proposal,
        "confirmed": effect.due_at.isoformat(),
    }
    return render(request, "severity/confirm.html", context)


def _carry_out(request: Any, ticket: Ticket, what: str, form: forms.Form, deed: Deed) -> HttpResponse:
    """Once for one form. A refusal is shown on the page as it stands now, with all that was typed."""
    if not form.is_valid():
        return _show(request, ticket, form, status=422)
    said = sorted((name, str(value)) for name, value in form.cleaned_data.items())
    print_of_request = fingerprint(b"severity", ticket.chain.encode(), what.encode(), repr(said).encode())
    try:
        with once(request.actor, form_token(request), print_of_request) as claim:
            words = str((claim.repeated.reply or {}).get("words", "")) if claim.repeated else ""
            if claim.repeated is None:
                words = _done_words(request, ticket, deed(form.cleaned_data))
                claim.finish(status=302, reply={"words": words})
    except NotAllowed:
        raise
    except Refused as refused:
        at_field = refused.param in form.fields
        form.add_error(refused.param if at_field else None, refused.message)
        fresh = ticket_for(request.actor, ticket.reference)
        return _show(request, fresh, form, status=422 if at_field else page_status(refused))
    messages.success(request, words)
    return redirect("severity:panel", ticket.reference)


def _done_words(request: Any, ticket: Ticket, proposal: SeverityProposal) -> str:
    """What the deed has led to."""
    stands = ticket_for(request.actor, ticket.reference)
    zone, now, state = zone_of(request), request.unit.now, SeverityProposal.State(proposal.state)
    if state == SeverityProposal.State.AGREED:
        words = f"Severity is now {stands.severity}."
        due = stands.clock_due_at
        return f"{words} Answer due {by_words(due, zone, now)}." if due is not None and due > now else words
    if state != SeverityProposal.State.OPEN:
        how = "You took it back." if state == SeverityProposal.State.WITHDRAWN else "You did not agree."
        return f"{how} The severity stays {stands.severity}."
    shown = panel_of(request.actor, stands, zone=zone, now=now).proposal
    waits = " and ".join(shown.awaited) if shown else "the others"
    own = request.actor.party == proposal.by_party
    return f"{f'Severity {proposal.to_severity} is proposed.' if own else 'You agreed.'} Waiting for {waits}."


def _frame(request: Any, ticket: Ticket) -> dict[str, Any]:
    desk = request.actor.party != "customer"
    return {"ticket": ticket, "desk": desk, "section": "queue" if desk else "tickets"}


def _show(request: Any, ticket: Ticket, failed: forms.Form | None = None, *, status: int = 200) -> HttpResponse:
    shown = panel_of(request.actor, ticket, zone=zone_of(request), now=request.unit.now)
    waits = shown.proposal
    initial = {"version": waits.version if waits else 0}
    objecting = failed if isinstance(failed, ObjectForm) and shown.may_answer else ObjectForm(initial=initial)
    if objecting is failed and waits is not None and status == 409:  # to be sent again, about what stands there now
        objecting.data = {**dict(objecting.data.items()), "version": waits.version}
    proposing = failed if isinstance(failed, ProposeForm) else ProposeForm()
    has_place = (failed is objecting and shown.may_answer) or (failed is proposing and shown.may_propose)
    typed = str(failed.data.get("reason", "")) if failed is not None and not has_place else ""
    context = {
        **_frame(request, ticket),
        "panel": shown,
        "failed": failed,
        "propose_form": proposing,
        "object_form": objecting,
        "texts": [typed] if typed else [],
        "may_consent": request.actor.can("severity:consent"),
    }
    return render(request, "severity/panel.html", context, status=status)
