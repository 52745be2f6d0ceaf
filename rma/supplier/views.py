"""Pages of suppliers and contract manufacturers: their own records, and what they report about them."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from contracts.selling.words import day_words
from rma.desk.doors import Done, Question, deed_page, posted
from rma.desk.forms import ActionForm
from rma.desk.sheet import Line
from rma.desk.words import box_tag
from rma.machines import CannotMove
from rma.models import Shipment, SupplierRma
from rma.queries import supplier_record_for
from rma.supplier import actions
from rma.supplier.listing import SHOWS, listing, tag
from rozoom_support.lib.money import shown
from tenancy.pages import page

READ = "supplier-rma:read"


@require_safe
@page(READ)
def records(request: Any) -> HttpResponse:
    found = listing(request.actor, request.GET)
    tabs = [
        {
            "label": label,
            "url": found.url(show=name, page=1, q=""),
            "count": found.counts[name or "todo"],
            "current": name == found.show and not found.words,
        }
        for name, (label, _) in SHOWS.items()
    ]
    context = {
        "section": _section(request),
        "listing": found,
        "tabs": tabs,
        "operator": request.actor.is_operator,
        "previous_url": found.url(page=found.page - 1) if found.page > 1 else "",
        "next_url": found.url(page=found.page + 1) if found.has_next else "",
        "clear_url": reverse("supplier:records"),
        "filter_words": [found.words],
    }
    return render(request, "rma/supplier/records.html", context)


def _section(request: Any) -> str:
    return "returns" if request.actor.is_operator else "supplier"


@require_safe
@page(READ)
def record(request: Any, record: UUID) -> HttpResponse:
    found = supplier_record_for(request.actor, record)
    boxes = list(Shipment.objects.filter(supplier_rma=found).prefetch_related("items").order_by("label_at", "id"))
    context = {
        "section": _section(request),
        "record": found,
        "tag": tag(found),
        "next_step": actions.next_step(found),
        "offered": actions.offered(found, request.actor),
        "facts": _facts(found, boxes),
        "done": _done(found),
        "boxes": [(one, box_tag(one), ", ".join(item.serial for item in one.items.all())) for one in boxes],
        "operator": request.actor.is_operator,
        "rma": found.rma if request.actor.is_operator else None,
    }
    return render(request, "rma/supplier/record.html", context)


def _facts(record: SupplierRma, boxes: list[Shipment]) -> list[Line]:
    coming = next((one for one in boxes if one.kind == "FACTORY_IN"), None)
    back_to = f"{coming.from_name}, {' '.join(coming.from_address.split())}" if coming else ""
    found = [
        Line("Product", f"{record.product_name} ({record.product_sku})"),
        Line("Serial", record.serial),
        Line("Symptom", record.symptom),
        Line("roZoom's number", record.number),
        Line("Your number", record.supplier_number),
        Line("roZoom's ticket", record.ticket_reference),
        Line("What it is", "A repair for a customer" if actions.is_factory(record) else "A part that roZoom owns"),
        Line("Goes back to", back_to if actions.is_factory(record) else ""),
    ]
    return [line for line in found if line.value]


def _done(record: SupplierRma) -> list[Line]:
    credit = shown(record.credit_amount, record.credit_currency or "EUR") if record.credit_amount is not None else ""
    settled = {"REPAIR": "Repaired", "EXCHANGE": "Exchanged", "CREDIT": "Credited"}.get(record.settled_with, "")
    stamps = (
        ("Sent to you", record.submitted_at),
        ("Acknowledged", record.acknowledged_at),
        ("The part left", record.sent_at),
        ("The part arrived", record.received_at),
        ("Settled", record.settled_at),
        ("Refused", record.refused_at),
    )
    found = [Line(words, day_words(at.date())) for words, at in stamps if at is not None]
    found += [
        Line("How", settled),
        Line("Credit", f"{credit}, {record.credit_note}" if credit else ""),
        Line("Report", record.report),
        Line("Why refused", record.refused_reason),
    ]
    return [line for line in found if line.value]


@require_http_methods(["GET", "HEAD", "POST"])
@page(READ)
def deed(request: Any, record: UUID, work: str) -> HttpResponse:
    found = supplier_record_for(request.actor, record)
    if work not in actions.NAMES:
        raise Http404
    back_url = reverse("supplier:record", args=[found.pk])
    try:
        action = actions.find(found, request.actor, work)
    except CannotMove as refused:
        possible = actions.offered(found, request.actor)
        context = {"section": _section(request), "record": found, "words": refused.message, "possible": possible}
        return render(request, "rma/supplier/not_now.html", context, status=422)
    form = ActionForm(action.fields, None, posted(request), initial={"version": found.version})
    asked = Question(
        title=action.label,
        send=action.label,
        cancel_url=back_url,
        back=str(found),
        section=_section(request),
        about=f"{found.product_name}, serial {found.serial}",
        effects=action.effects,
        look="danger" if action.look == "danger" else "primary",
    )

    def do(data: dict[str, Any]) -> Done:
        version = data["version"] if action.has_version else None
        done = action.do(actor=request.actor, record=found, now=request.unit.now, version=version, values=form.values())
        said = f"{done.number}: {action.label.lower()}. It is in the state “{actions.state_words(done)}”. "
        return said + actions.next_step(done), back_url, "success"

    return deed_page(request, asked, form, do)
