"""Shipping and receiving with a scanner: it writes into the field that has the focus and ends with Enter."""

from typing import Any, cast

from django.forms import BaseForm
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contracts.models import normal_serial
from rma import actions, services
from rma.actions import Action
from rma.desk.doors import Done, carry_out, posted, say_at_field
from rma.desk.forms import ActionForm, ScanForm
from rma.desk.listing import Row, row
from rma.desk.sheet import load
from rma.desk.views.board import ROZOOM
from rma.desk.views.deeds import about, done_words, not_now, url
from rma.models import Rma, Shipment, ShipmentItem
from rma.services import CannotMove, CannotReceive
from rma.states import ENDED, Media, RmaKind, RmaState, ShipmentKind
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tenancy.pages import page

POSTS = require_http_methods(["GET", "HEAD", "POST"])
SHOWN = 20
COMING = [ShipmentKind.DEFECTIVE_RETURN, ShipmentKind.FACTORY_IN]


@POSTS
@page(ROZOOM)
def ship(request: Any, rma: str) -> HttpResponse:
    """One field after the other: each Enter checks what was read and goes on to the next; the last one ships."""
    found = load(request.actor, rma, request.unit.now)
    try:
        action = actions.find(found, request.actor, "ship" if found.kind == RmaKind.ADVANCE else "ship_back")
    except CannotMove as refused:
        return not_now(request, found, refused)
    expected = _leaves(found)
    form = ActionForm(_asked_to_ship(action, found), found, posted(request), initial=_usual_carrier())
    status = 200
    if request.method == "POST":
        next_field = next_to_scan(form, expected) if "scan" in request.POST else ""
        status = 422 if form.errors else 200
        if not next_field and form.is_valid():
            try:
                return carry_out(request, lambda: _do(request, action, found, form.values()), url("return", found))
            except Refused as refused:
                status = say_at_field(form, refused)
        ready(form, next_field or next(iter(form.errors), ""))
    context = {
        "section": "returns",
        "rma": found,
        "about": about(found),
        "action": action,
        "form": form,
        "expected": expected,
        "back_url": url("return", found),
    }
    return render(request, "rma/desk/ship.html", context, status=status)


def _do(request: Any, action: Action, rma: Rma, values: dict[str, Any]) -> Done:
    done = action.do(actor=request.actor, rma=rma, now=request.unit.now, version=None, values=values)
    return done_words(action, rma, done)


def _leaves(rma: Rma) -> str:
    if rma.kind == RmaKind.FACTORY:
        return services.serial_due(rma)
    return rma.unit.serial if rma.unit else ""


def _asked_to_ship(action: Action, rma: Rma) -> list[actions.Field]:
    """The label for the way back is asked for where it is still to be made."""
    backs = [one for one in rma.shipments.all() if one.kind == ShipmentKind.DEFECTIVE_RETURN and one.state == "DRAFT"]
    if not backs or rma.media == Media.RETAINED:
        return [field for field in action.fields if field.name != "return_tracking_number"]
    words = {"missing": "Scan the tracking number of the return label.", "hint": "It lies in the box."}
    return [f.called(f.label, **words) if f.name == "return_tracking_number" else f for f in action.fields]


def _usual_carrier() -> dict[str, str]:
    last = Shipment.objects.filter(label_at__isnull=False).exclude(carrier="").order_by("-id").values("carrier")[:1]
    return {"carrier": last[0]["carrier"] if last else ""}


def next_to_scan(form: ActionForm, expected: str) -> str:
    """The field to read now; "" when all are read and right. What was not read yet is no mistake."""
    form.is_valid()
    waiting = [one.name for one in form.asked if one.is_needed and not form.data.get(one.name, "").strip()]
    for name in waiting:
        form.errors.pop(name, None)
    read = form.data.get("scanned_serial", "").strip()
    if read and normal_serial(read) != normal_serial(expected):
        form.add_error("scanned_serial", f"You scanned {read}. {expected} is due. Scan that unit.")
        return "scanned_serial"
    return waiting[0] if waiting else ""


def ready(form: BaseForm, name: str) -> None:
    """The focus is in this field. A wrong scan is gone from it, as the next one is written there; its words are said above."""
    for key, field in form.fields.items():
        field.widget.attrs.pop("autofocus", None)
        if key == name:
            field.widget.attrs["autofocus"] = True
    if form.has_error(name) and form.fields.get(name) is not None:
        data = cast(QueryDict, form.data).copy()
        data[name] = ""
        form.data = data


# Receiving --------------------------------------------------------------------------------------------------------------


@POSTS
@page(ROZOOM)
def receive_one(request: Any, rma: str) -> HttpResponse:
    """The part of this return. Another serial is asked about once: a scanner may have read the wrong label."""
    found = load(request.actor, rma, request.unit.now)
    try:
        action = actions.find(found, request.actor, "receive")
    except CannotMove as refused:
        return not_now(request, found, refused)
    expected = _expected(found)
    form, other, status = ScanForm(posted(request)), "", 200
    if request.method == "POST":
        status = 422
        said_other = request.POST.get("other", "").strip()[:80]
        read = said_other or (form.cleaned_data["serial"] if form.is_valid() else "")
        if said_other or _is_one_of(read, expected):
            try:
                done = {"scanned_serial": read}
                return carry_out(request, lambda: _do(request, action, found, done), url("return", found))
            except Refused as refused:
                status = say_at_field(form, refused)
        elif read:
            other = read
            form.add_error("serial", f"You scanned {read}. {' or '.join(expected)} is expected. Scan again.")
        ready(form, "serial")
    context = {
        "section": "returns",
        "rma": found,
        "about": about(found),
        "form": form,
        "expected": expected,
        "other": other,
        "back_url": url("return", found),
    }
    return render(request, "rma/desk/receive_one.html", context, status=status)


def _is_one_of(read: str, expected: list[str]) -> bool:
    return normal_serial(read) in {normal_serial(one) for one in expected}


def _expected(rma: Rma) -> list[str]:
    """Serials that are still to come; the label of a box that is void by now counts as the failed part itself."""
    boxes = [
        one for one in rma.shipments.all() if one.kind == ShipmentKind.DEFECTIVE_RETURN and one.state != "CANCELLED"
    ]
    waiting = [item.serial for one in boxes for item in one.items.all() if item.scanned_at is None]
    return list(dict.fromkeys(waiting)) or [rma.serial]


@POSTS
@page("rma:manage")
def receive(request: Any) -> HttpResponse:
    """At the dock: one field, any box. The serial says to which return it belongs; the field is ready for the next one."""
    form, status, other = ScanForm(posted(request)), 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return carry_out(request, lambda: _received(request, form.cleaned_data["serial"]), request.path)
            except Refused as refused:
                other = str(form["serial"].value())
                status = say_at_field(form, refused)
        ready(form, "serial")
    context = {
        "section": "returns",
        "form": form,
        "other": other,
        "received": received_last(request.actor, request.unit.now),
    }
    return render(request, "rma/desk/receive.html", context, status=status)


def _received(request: Any, read: str) -> Done:
    rma = expecting(read)
    done = services.receive(actor=request.actor, rma=rma, scanned_serial=read, now=request.unit.now)
    said = f"{read.strip()} is received for {done.reference}. {_what_now(done)}"
    return said, reverse("returns_desk:receive"), "success"


def _what_now(rma: Rma) -> str:
    return "Inspect it next." if rma.state == RmaState.RETURN_RECEIVED else "Another part of it is still to come."


def expecting(read: str) -> Rma:
    """The open return this serial comes back under. Raises CannotReceive with what to do instead."""
    normal = normal_serial(read)
    waiting = Rma.objects.open().filter(
        shipments__in=ShipmentItem.objects.filter(
            serial_normal=normal, scanned_at=None, kind__in=COMING, shipment__rma__isnull=False
        )
        .exclude(shipment__state__in=["CANCELLED", "LOST"])
        .values("shipment_id")
    )
    found = waiting.order_by("requested_at").first()
    if found is None:
        words = f"No return expects serial {read.strip()}. Look on the box for the number of the return and open it."
        raise CannotReceive(words, param="serial")
    if found.kind == RmaKind.FACTORY:
        words = f"{read.strip()} belongs to {found}, which goes to the factory. The factory receives it."
        raise CannotReceive(words, param="serial")
    return found


def received_last(actor: Actor, now: Any) -> list[Row]:
    found = Rma.objects.for_board().filter(received_at__isnull=False).exclude(state__in=[str(one) for one in ENDED])
    return [row(one, actor, now) for one in found.order_by("-received_at")[:SHOWN]]
