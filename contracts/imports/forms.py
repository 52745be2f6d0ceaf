"""Shape of what people send about imports."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings

from contracts.imports.kinds import Kind
from rozoom_support.lib.ui.forms import Labelled

HINTS = {
    "PRICES": "List prices with the days they hold",
    "COMPONENTS": "What was installed where, with serials",
    "PAYMENTS": "A bank's export, matched to invoices",
}


class UploadForm(forms.Form):
    kind = forms.ChoiceField(
        label="What does the file hold?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the file holds", "invalid_choice": "Choose what the file holds"},
    )
    file = forms.FileField(
        label="CSV file",
        allow_empty_file=True,  # the deed says it in its own words
        max_length=None,
        error_messages={
            "required": "Choose a CSV file",
            "invalid": "Choose a CSV file",
            "missing": "Choose a CSV file",
        },
    )

    def __init__(self, *args: Any, kinds: Sequence[Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(kind.name.lower(), Labelled(kind.label, HINTS[kind.name])) for kind in kinds]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["kind"].initial = choices[0][0]
        limit = settings.LIMITS["import_bytes"]
        self.fields["file"].help_text = f"UTF-8, at most {limit // (1024 * 1024)} MB, with the columns named below."
        self.fields["file"].widget.attrs.update({"accept": ".csv,text/csv", "data-max-bytes": limit})


class BookForm(forms.Form):
    number = forms.CharField(
        label="Invoice number",
        max_length=40,
        help_text="Such as 2026-00012.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "w-s"}),
        error_messages={"required": "Enter the number of the invoice"},
    )


class AsideForm(forms.Form):
    reason = forms.CharField(
        label="Why does it pay no invoice?",
        max_length=300,
        help_text="Such as: interest of the bank, paid back to the sender.",
        error_messages={"required": "Say why it pays no invoice"},
    )
