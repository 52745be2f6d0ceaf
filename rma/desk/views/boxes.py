"""Boxes of a return: their labels, and what a carrier says of one, recorded by hand."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from contracts.selling.forms import text_field
from rma import services
from rma.actions.fields import CARRIER, SERIAL, Field
from rma.desk.doors import Done, Question, deed_page, posted
from rma.desk.forms import ActionForm
from rma.desk.sheet import load
from rma.desk.views.deeds import about, url
from rma.models import Rma, Shipment
from rma.services import CannotReturn, Report
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page
from tenancy.preferences import preferences_of

POSTS = require_http_methods(["GET", "HEAD", "POST"])
CODES = [
    ("SCAN", "It was scanned"),
    ("EXCEPTION", "It is held up"),
    ("DELIVERED", "It was delivered"),
    ("RETURNED_TO_SENDER", "It came back to the sender"),
    ("LOST", "It is lost"),
]
AT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


def _box(request: Any, rma: str, box: UUID) -> tuple[Rma, Shipment]:
    found = load(request.actor, rma, request.unit.now)
    for one in found.shipments.all():
        if one.pk == box:
            return found, one
    raise NotFound


def _question(rma: Rma, title: str, send: str, **more: Any) -> Question:
    return Question(
        title=title,
        send=send,
        cancel_url=url("return", rma),
        back=rma.reference,
        section="returns",
        about=about(rma),
        **more,
    )


@POSTS
@page("rma:manage")
def label(request: Any, rma: str, box: UUID) -> HttpResponse:
    found, shipment = _box(request, rma, box)
    tracking = Field("tracking_number", "Tracking number", SERIAL, "Scan the tracking number of the label.", longest=60)
    form = ActionForm((CARRIER, tracking), found, posted(request))
    kind = shipment.get_kind_display().lower()  # type: ignore[attr-defined]

    def deed(data: dict[str, Any]) -> Done:
        made = services.make_label(actor=request.actor, shipment=shipment, now=request.unit.now, **form.values())
        return f"The label is {made.carrier} {made.tracking_number}.", url("return", found), "success"

    return deed_page(request, _question(found, f"Make the label: {kind}", "Make the label"), form, deed)


@POSTS
@page("rma:manage")
def void(request: Any, rma: str, box: UUID) -> HttpResponse:
    found, shipment = _box(request, rma, box)
    kind = shipment.get_kind_display().lower()  # type: ignore[attr-defined]

    def deed(data: dict[str, Any]) -> Done:
        services.cancel_shipment(actor=request.actor, shipment=shipment, now=request.unit.now)
        return "The label is void.", url("return", found), "success"

    asked = _question(
        found,
        f"Void the label: {kind}",
        "Void the label",
        look="danger",
        effects=("Nobody can send with it any more.",),
    )
    return deed_page(request, asked, forms.Form(posted(request)), deed)


class BoxReportForm(forms.Form):
    code = forms.ChoiceField(
        label="What does the carrier say?",
        choices=CODES,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the carrier says"},
    )
    at = forms.DateTimeField(
        label="When",
        input_formats=AT_FORMATS,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "w-m"}, format="%Y-%m-%dT%H:%M"),
        error_messages={
            "required": "Enter when the carrier saw it",
            "invalid": "Enter a day and a time such as 2026-11-23 14:05",
        },
    )
    place = forms.CharField(
        label="Where", max_length=120, required=False, widget=forms.TextInput(attrs={"class": "w-m"})
    )
    text = text_field("In the carrier's words", "", length=300, required=False, help_text="Such as who signed for it.")
    claim = forms.CharField(
        label="Claim against the carrier",
        max_length=200,
        required=False,
        help_text="Needed when it is lost.",
        widget=forms.TextInput(attrs={"class": "w-m"}),
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)
        self.fields["at"].help_text = f"In your time zone, {zone}."

    def clean_at(self) -> datetime:
        given: datetime = self.cleaned_data["at"]
        return given.replace(tzinfo=self.zone)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("code") == "LOST" and not data.get("claim"):
            self.add_error("claim", "Enter the number of the claim against the carrier")
        return data


@POSTS
@page("carrier:report")
def report(request: Any, rma: str, box: UUID) -> HttpResponse:
    """By hand, as a program would report it: the same report again changes nothing."""
    found, shipment = _box(request, rma, box)
    zone = preferences_of(request.user, request.membership)["time_zone"]
    now = request.unit.now
    form = BoxReportForm(posted(request), zone=zone, initial={"at": now.astimezone(ZoneInfo(zone))})

    def deed(data: dict[str, Any]) -> Done:
        if shipment.state == "DRAFT":
            raise CannotReturn("It has no label yet. Make the label first.")
        if data["code"] == "LOST":
            services.lose(actor=request.actor, shipment=shipment, claim=data["claim"], now=now)
            return "Recorded: the box is lost.", url("return", found), "success"
        said = Report(
            carrier=shipment.carrier,
            tracking_number=shipment.tracking_number,
            code=data["code"],
            at=data["at"],
            place=data["place"],
            text=data["text"],
        )
        event = services.track(actor=request.actor, report=said, now=now)
        words = "Recorded." if event.counted else "Kept. It came late and changes nothing."
        return words, url("return", found), "success"

    kind = shipment.get_kind_display()  # type: ignore[attr-defined]
    lead = f"{kind}: {shipment.carrier} {shipment.tracking_number}".strip()
    return deed_page(request, _question(found, "What the carrier says", "Record it", effects=(lead,)), form, deed)
