"""Made-up content for the style guide."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone

from rozoom_support.lib.ui.clock import milliseconds
from rozoom_support.lib.ui.forms import Labelled

COMPONENTS = [
    (
        "dc-7",
        Labelled("Drive controller DC-7", "Serial 7F-2230 · Plant 2, Ghent · covered by warranty until 3 Mar 2027"),
    ),
    ("lt-2", Labelled("Lift table LT-2", "Serial 4A-1181 · Plant 2, Ghent · not covered since 1 Nov 2026")),
    ("unknown", "I do not know"),
]


class ProblemForm(forms.Form):
    component = forms.ChoiceField(
        label="Which component is failing?",
        widget=forms.RadioSelect,
        choices=COMPONENTS,
        error_messages={"required": "Choose which component is failing"},
    )
    workaround = forms.ChoiceField(
        label="Is there a workaround you can live with?",
        help_text="Something that keeps the work going until this is fixed.",
        widget=forms.RadioSelect(attrs={"class": "choices-row"}),
        choices=[("yes", "Yes"), ("no", "No"), ("unknown", "I do not know")],
        error_messages={"required": "Choose whether there is a workaround"},
    )
    title = forms.CharField(
        label="What happens, in one line", max_length=200, error_messages={"required": "Write what happens in one line"}
    )
    description = forms.CharField(
        label="What happened?",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What did you see, when did it start, what changed before?",
        error_messages={"required": "Describe what happened"},
    )
    error_code = forms.CharField(label="Error code", required=False, widget=forms.TextInput(attrs={"class": "w-s"}))
    severity = forms.ChoiceField(label="Severity", required=False, choices=[("", "Any"), ("1", "Severity 1")])
    attachments = forms.FileField(
        label="Files",
        required=False,
        help_text="Up to 10 files of 25 MB each.",
        widget=forms.ClearableFileInput(attrs={"data-max-bytes": 25 * 1024 * 1024, "data-max-files": 10}),
    )
    tell_me = forms.BooleanField(label="Tell me by e-mail when someone answers", required=False)


class ReplyForm(forms.Form):
    text = forms.CharField(widget=forms.Textarea, error_messages={"required": "Write your reply"})
    seen_id = forms.IntegerField(widget=forms.HiddenInput, initial=17)


@dataclass(frozen=True)
class Segment:
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None = None
    outcome: str = "RUNNING"
    answered: bool = True


def _running(now: datetime, target: timedelta, left: timedelta) -> Segment:
    return Segment(now + left - target, now + left)


def _row(now: datetime, reference: str, severity: int, title: str, left: timedelta, **more: Any) -> SimpleNamespace:
    target = timedelta(hours={1: 1, 2: 4, 3: 24}[severity])
    facts = {
        "customer": "ACME",
        "site": "Plant 2, Ghent",
        "owner": "",
        "state": "OPEN",
        "turn": "With roZoom",
        "last": "",
    }
    return SimpleNamespace(
        reference=reference, severity=severity, title=title, clock=_running(now, target, left), **(facts | more)
    )


def _rows(now: datetime) -> list[SimpleNamespace]:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    return [
        _row(
            now,
            "ACME-42",
            1,
            "Line 3 stands still, controller shows E-41",
            -12 * minute,
            owner="Marek Nowak",
            last="We swapped the cable, no change. The line is still down and the night shift starts at six.",
        ),
        _row(now, "DELTA-7", 1, "Lift does not answer", 9.5 * minute, customer="Delta Foods", site="Cold store, Breda"),
        _row(now, "ACME-44", 2, "Table sinks two millimetres an hour", 3.2 * hour, state="NEW", turn="With roZoom"),
        _row(
            now,
            "BORG-118",
            3,
            "Release notes of 4.2.1 name the wrong port",
            21 * hour,
            customer="Borg Logistics",
            site="Hall 1, Malmö",
            state="WAITING",
            turn="Waiting for customer",
            owner="Ilse Vermeer",
        ),
    ]


def _messages(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": "m1",
            "kind": "public",
            "author": "Ana Ruiz",
            "role": "ACME",
            "party": "customer",
            "at": now - timedelta(minutes=55),
            "audience": "roZoom, Delta Reseller and ACME can read this",
            "body": "Line 3 **stands still** since 12:40.\n\n1. Power is on\n2. Controller shows `E-41`\n\n> Night shift at six.",
            "files": [{"url": "#file", "name": "controller-display.jpg", "size": 482_133}],
        },
        {
            "id": "m2",
            "kind": "partner",
            "author": "Joris Claes",
            "role": "Delta Reseller",
            "party": "reseller",
            "at": now - timedelta(minutes=41),
            "audience": "roZoom and Delta Reseller, not the customer",
            "body": "We have one DC-7 in the van. Shall we take it along?",
        },
        {
            "id": "m3",
            "kind": "internal",
            "author": "Marek Nowak",
            "role": "roZoom",
            "party": "operator",
            "at": now - timedelta(minutes=33),
            "audience": "",
            "body": "Same firmware as in BORG-97. Check the watchdog before anybody swaps hardware.",
        },
        {
            "id": "m4",
            "kind": "public",
            "author": "Marek Nowak",
            "role": "roZoom",
            "party": "operator",
            "at": now - timedelta(hours=30),
            "audience": "roZoom, Delta Reseller and ACME can read this",
            "body": "Hello Ana, hold the reset key for ten seconds and tell me which lamp lights first.\n\nhttps://support.rozoom.example/kb/e-41",
        },
    ]


def everything(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    due_in = request.GET.get("due_in", "7200")
    left = timedelta(seconds=int(due_in)) if due_in.lstrip("-").isdigit() else timedelta(hours=2)
    hour = timedelta(hours=1)
    met = Segment(now - 2 * hour, now - hour, now - hour - timedelta(minutes=22), "MET")
    missed = Segment(now - 3 * hour, now - 2 * hour, now - 2 * hour + timedelta(minutes=12), "MISSED")
    shows_errors = "errors" in request.GET  # they take the focus
    bound = ProblemForm({"title": "Line 3 stands still"})
    bound.is_valid()
    theme = request.GET.get("theme", "system")
    return {
        "prefs": {
            "theme": theme,
            "clock_updates": request.GET.get("clock", "second"),
            "keys": True,
            "time_zone": "Europe/Brussels",
            "density": request.GET.get("density", "comfortable"),
        },
        "server_now_ms": milliseconds(now),
        "support": {"phone": "+32 9 555 01 00", "email": "support@rozoom.example", "name": "roZoom Support"},
        "now": now,
        "crossing": _running(now, timedelta(hours=1), left),
        "clocks": [
            ("ok", _running(now, timedelta(hours=4), timedelta(hours=3, minutes=12, seconds=20))),
            ("soon", _running(now, hour, timedelta(minutes=9, seconds=58))),
            ("late", _running(now, hour, -timedelta(minutes=12))),
            ("late, long ago", _running(now, hour, -timedelta(hours=23, minutes=59))),
            ("met", met),
            ("missed", missed),
        ],
        "rows": _rows(now),
        "messages_shown": _messages(now),
        "form": bound if shows_errors else ProblemForm(),
        "reply_form": ReplyForm(auto_id="reply_%s"),
        "note_form": ReplyForm({"text": "", "seen_id": "17"} if shows_errors else None, auto_id="note_%s"),
        "partner_form": ReplyForm(auto_id="partner_%s"),
        "page": Paginator(range(340), 50).page(3),
        "closed_choices": [
            {"label": "Reply", "url": "?compose=reply", "kind": "public"},
            {"label": "Internal note", "url": "?compose=note", "kind": "internal"},
            {"label": "Partner note", "url": "?compose=partner", "kind": "partner"},
        ],
        "steps": [
            {"label": label, "url": "#forms" if place < 2 else ""}
            for place, label in enumerate(("Component", "Where", "Impact", "What happened", "Check"))
        ],
        "facts": [
            {"term": "Component", "value": "Drive controller DC-7, serial 7F-2230", "url": "#component"},
            {"term": "Site", "value": "Plant 2, Ghent (Europe/Brussels)", "url": "#site"},
            {"term": "Impact", "value": "Complete loss, no workaround, the business has stopped", "url": "#impact"},
        ],
        "tabs": [
            {"label": "Open", "url": "#open", "count": 12, "current": True},
            {"label": "Needs your answer", "url": "#needs", "count": 2},
            {"label": "Closed", "url": "#closed", "count": None},
        ],
        "chips": [{"label": "Severity 1", "url": "#s1"}, {"label": "Customer: ACME", "url": "#acme"}],
    }
