"""Shape of what people type when a warranty is made void, appealed and answered."""

from collections.abc import Sequence
from typing import Any

from django import forms

from contracts.selling.forms import text_field
from contracts.selling.words import day_words
from contracts.services.voiding import BEFORE_IT_BEGINS, NO_EVIDENCE
from contracts.voiding.queries import WarrantyRow
from rozoom_support.lib.ui.forms import Labelled

UPHOLD, REFUSE = "uphold", "refuse"


class ProposeForm(forms.Form):
    warranty = forms.ChoiceField(
        label="Which warranty?",
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a warranty"),
    )
    ground = forms.ChoiceField(
        label="Because of",
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose why it is void"),
    )
    reason = text_field("What happened?", "Say what happened", length=1000, help_text="The customer reads it.")
    evidence = text_field(
        "Where is the evidence?",
        NO_EVIDENCE,
        required=False,
        widget=forms.TextInput,
        help_text="A ticket and its file, the report of an inspection. The customer reads it.",
    )

    def __init__(self, *args: Any, rows: Sequence[WarrantyRow], grounds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {str(row.warranty.pk): row.warranty for row in rows}
        field: Any = self.fields["warranty"]
        field.choices = [(str(row.warranty.pk), Labelled(*_words(row))) for row in rows]
        self.fields["ground"].choices = grounds  # type: ignore[attr-defined]
        self.fields["evidence"].required = not any(ground in BEFORE_IT_BEGINS for ground, _ in grounds)
        if len(rows) == 1:
            field.widget = forms.HiddenInput()
            field.initial = str(rows[0].warranty.pk)


def _words(row: WarrantyRow) -> tuple[str, str]:
    one = row.warranty
    return f"{one.get_kind_display()} warranty", f"{day_words(one.start_date)} to {day_words(one.end_date)}"


class AppealForm(forms.Form):
    text = text_field(
        "Why should the warranty hold?",
        "Say why the warranty should hold",
        length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What happened, and what shows it. Files belong to a ticket; name it here.",
    )


class AnswerForm(forms.Form):
    verdict = forms.ChoiceField(
        label="What do you decide?",
        widget=forms.RadioSelect,
        choices=[
            (UPHOLD, Labelled("Give the warranty back", "It holds to its last day, as before.")),
            (REFUSE, Labelled("Refuse the appeal", "It is void for good. Say why.")),
        ],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what you decide"),
    )
    answer = text_field("Your words", "", length=1000, required=False, help_text="The customer reads them.")
