"""Shape of what people send about a severity. The deeds judge what it may mean."""

from typing import Any

from django import forms

from rozoom_support.lib.ui.forms import Labelled
from sla.clock import TARGET_WORDS

LOSS = {1: "complete loss", 2: "severe loss", 3: "minor or no loss"}
CHOICES = [
    (str(number), Labelled(f"Severity {number}, {LOSS[number]}", f"An answer within {TARGET_WORDS[number]}"))
    for number in (1, 2, 3)
]
MISSING = "Choose severity 1, 2 or 3"
OPEN_AGAIN = "Open this page again, then answer"


def reason_field(label: str, hint: str, missing: str) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": missing}
    )


def version_field() -> forms.IntegerField:
    words = {"required": OPEN_AGAIN, "invalid": OPEN_AGAIN, "min_value": OPEN_AGAIN, "max_value": OPEN_AGAIN}
    return forms.IntegerField(min_value=1, max_value=10**9, widget=forms.HiddenInput, error_messages=words)


class ProposeForm(forms.Form):
    to = forms.TypedChoiceField(
        label="Which severity is right?",
        coerce=int,
        choices=CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": MISSING, "invalid_choice": MISSING},
    )
    reason = reason_field("Why?", "The others read it before they answer.", "Say why, so that the others can agree.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "propose_%s", **kwargs})


class AgreeForm(forms.Form):
    """`confirmed` is the later due time the person was shown and accepted."""

    version = version_field()
    confirmed = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class ObjectForm(forms.Form):
    version = version_field()
    reason = reason_field(
        "Why do you not agree?",
        "The others read it. The proposal ends, and the severity stays.",
        "Say why you do not agree.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "object_%s", **kwargs})


class WithdrawForm(forms.Form):
    version = version_field()
