"""What carriers report, brought as a file: every line is answered."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from contracts.imports.reading import NotReadable
from rma.carrier.files import COLUMNS, MOST_BYTES, MOST_ROWS, read
from rma.carrier.taking import KNOWN, LATE, REFUSED, TAKEN, Taken, take_all
from rma.desk.doors import posted
from rma.models import TrackingEvent
from rozoom_support.lib.sheets import csv_download
from tenancy.pages import page

LAST = 20
TAGS = {
    TAKEN: ("Taken", "i-tick", "ok"),
    KNOWN: ("Known", "i-dash", ""),
    LATE: ("Late", "i-clock", ""),
    REFUSED: ("Refused", "s2", "warn"),
}


class ReportsForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        allow_empty_file=True,
        help_text=f"UTF-8, at most {MOST_ROWS:,} rows and {MOST_BYTES // 1024**2} MB, with the columns named beside.",
        error_messages={
            "required": "Choose a CSV file",
            "invalid": "Choose a CSV file",
            "missing": "Choose a CSV file",
        },
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv", "data-max-bytes": MOST_BYTES}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"{file.name} must be smaller than {MOST_BYTES // 1024**2} MB")
        return file


@require_http_methods(["GET", "HEAD", "POST"])
@page("carrier:report")
def upload(request: Any) -> HttpResponse:
    """The same file again changes nothing, so its answer is shown at once instead of on another page."""
    form = ReportsForm(posted(request), request.FILES if request.method == "POST" else None)
    context: dict[str, Any] = {"section": "returns", "form": form, "columns": COLUMNS.columns}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                context |= _answer(request, form.cleaned_data["file"])
                status = 200
            except NotReadable as refused:
                form.add_error("file", refused.message)
    context["last"] = _last_events()
    return render(request, "rma/desk/carrier.html", context, status=status)


def _answer(request: Any, file: Any) -> dict[str, Any]:
    rows, problems = read(file)
    taken = take_all(request.actor, [report for _, report in rows], request.unit.now)
    lines = [(line, *TAGS[one.status], _about(one), one.words) for (line, _), one in zip(rows, taken, strict=True)]
    lines += [(one.line, *TAGS[REFUSED], f"{one.column} {one.value}".strip(), one.reason) for one in problems]
    lines.sort(key=lambda line: line[0])
    counts = {label: sum(line[1] == label for line in lines) for label, _, _ in TAGS.values()}
    return {"lines": lines, "counts": [pair for pair in counts.items() if pair[1]], "file_name": file.name}


def _about(one: Taken) -> str:
    return f"{one.report.carrier} {one.report.tracking_number}"


def _last_events() -> list[TrackingEvent]:
    found = TrackingEvent.objects.select_related("shipment__rma").order_by("-pk")
    return list(found[:LAST])


@require_safe
@page("carrier:report")
def sample(request: Any) -> HttpResponse:
    return csv_download("carrier-sample.csv", COLUMNS.names, COLUMNS.sample, is_ours=True)
