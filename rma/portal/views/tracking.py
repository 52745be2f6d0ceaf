"""One return: what to do first, where each leg stands, what was promised, what happened; and its sheet on paper."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from contracts.selling.words import day_words
from notifications.notices import page_opened
from rma.models import Rma
from rma.portal import sheet as paper
from rma.portal.doors import frame
from rma.portal.next import next_of, others_of
from rma.portal.shown import Found, find, steps_of
from rma.portal.words import kind_words, part_words, state_tag, weekday_words
from rma.queries import rma_for
from rma.states import RmaKind
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page
from tickets.answers import stamp
from tickets.portal.answers import nothing, show


@require_safe
@page("rma:read")
def tracking(request: Any, rma: str) -> HttpResponse:
    found = rma_for(request.actor, rma)
    if rma != found.reference:
        return redirect("returns:tracking", found.reference)
    page_opened(request, found.reference)
    return show(request, "rma/portal/tracking.html", _context(request, found))


@require_safe
@page("rma:read")
def news(request: Any, rma: str) -> HttpResponse:
    """Asked every ten seconds by a page that is looked at: 204, or the parts as they stand now."""
    context = _context(request, rma_for(request.actor, rma))
    if request.GET.get("print") == context["found"].print:
        return nothing(request)
    return stamp(request, render(request, "rma/portal/_tracking_news.html", context))


@require_safe
@page("rma:read")
def sheet(request: Any, rma: str) -> HttpResponse:
    """Return sheet and label. Not there while nothing is to be sent."""
    found = find(request.actor, rma_for(request.actor, rma), request.unit.now)
    if not found.has_sheet:
        raise NotFound
    response = HttpResponse(paper.return_sheet(found), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="return-{found.rma.reference.lower()}.pdf"'
    return response


def _context(request: Any, rma: Rma) -> dict[str, Any]:
    found = find(request.actor, rma, request.unit.now)
    return {
        **frame(request),
        "rma": rma,
        "found": found,
        "tag": state_tag(rma, found.state),
        "kind": kind_words(rma),
        "part": part_words(rma),
        "next": next_of(found, request.actor),
        "others": others_of(found, request.actor),
        "steps": steps_of(rma, found.state),
        "facts": facts_of(found),
        "promise": promise_of(found),
        "bills_elsewhere": bool(rma.non_return_invoice_id or _asks_repair(rma)) and not found.invoices,
        "is_customer": request.actor.party == "customer",
        "going_on": going_on(rma),
    }


def _asks_repair(rma: Rma) -> bool:
    return rma.repair_invoice_id is not None and not rma.is_open


def going_on(rma: Rma) -> list[Rma]:
    """The return it came from, and the one it became."""
    before = [rma.previous] if rma.previous_id is not None and rma.previous is not None else []
    return [*before, *Rma.objects.filter(previous_id=rma.pk, customer_id=rma.customer_id)]


def facts_of(found: Found) -> list[dict[str, Any]]:
    """Rows for components/definitions.html; what is not known is left out."""
    rma = found.rma
    site, contact = rma.ship_to, "\n".join(filter(None, (rma.contact_name, rma.contact_phone)))
    sent = [serial for leg in found.out for serial in leg.serials]
    rows = [
        ("Part", part_words(rma)),
        ("What is wrong", rma.symptom),
        ("Replaced by", ", ".join(sent) if rma.kind == RmaKind.ADVANCE else ""),
        ("Comes back to" if rma.kind == RmaKind.FACTORY else "Goes to", site.name if site else ""),
        ("Who takes it", contact),
        ("Data on the part", rma.get_media_display() if rma.media else ""),
        ("Asked for by", f"{rma.requested_by_name}, {day_words(rma.requested_at.date())}"),
        ("Failure confirmed by", rma.failure_confirmed_by_name),
        ("Certificate", rma.certificate),
        (
            "Found at the inspection",
            f"{rma.get_inspection_display()}. {rma.inspection_note}".strip(" .") if rma.inspection else "",
        ),
        (
            "Found by the factory",
            f"{rma.get_diagnosis_display()}. {rma.diagnosis_note}".strip() if rma.diagnosis else "",
        ),
        ("Repair report", rma.repair_report),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]


def promise_of(found: Found) -> list[dict[str, str]]:
    """Both days as they were promised, beside what came of them."""
    rma = found.rma
    if rma.contract_ship_by is None:
        return []
    left = day_words(rma.shipped_on)
    met = "" if rma.promise_met is None else ", in time" if rma.promise_met else ", late"
    rows = [
        ("Leaves by", weekday_words(rma.contract_ship_by)),
        ("Left", f"{left}{met}" if left else ""),
        ("Expected", weekday_words(rma.deliver_target)),
        ("Arrived", weekday_words(rma.delivered_on)),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]
