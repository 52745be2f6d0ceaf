"""One return with everything about it, and one serial with everything it went through."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from notifications.notices import page_opened
from rma.desk import genealogy
from rma.desk.sheet import sheet_of
from rma.desk.views.board import ROZOOM
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page


@require_safe
@page(ROZOOM)
def one(request: Any, rma: str) -> HttpResponse:
    found = sheet_of(request.actor, rma, request.unit.now)
    page_opened(request, found.rma.reference)
    context = {
        "section": "returns",
        "sheet": found,
        "rma": found.rma,
        "list_url": f"{reverse('returns_desk:board')}?step={found.step}",
        "may_manage": request.actor.can("rma:manage"),
        "may_report": request.actor.can("carrier:report"),
    }
    return render(request, "rma/desk/return.html", context)


@require_safe
@page(ROZOOM)
def serials(request: Any) -> HttpResponse:
    """Scan or type a serial: one product has it, several have it, or none."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:80]
    found = genealogy.known_as(words)
    if len(found) == 1:
        return HttpResponseRedirect(reverse("returns_desk:serial", args=[found[0].sku, found[0].serial]))
    context = {"section": "returns", "words": words, "found": found}
    return render(request, "rma/desk/serials.html", context)


@require_safe
@page(ROZOOM)
def serial(request: Any, sku: str, serial: str) -> HttpResponse:
    life = genealogy.life_of(sku, serial)
    if life is None:
        raise NotFound
    return render(request, "rma/desk/serial.html", {"section": "returns", "life": life})
