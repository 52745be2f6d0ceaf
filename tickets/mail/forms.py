"""Shapes of what pages about reply addresses send."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from rozoom_support.lib.ui.forms import Labelled
from tickets.mail.taking_back import Holder

ALL = "all"
RADIOS_AT_MOST = 7  # a select only for more than that


def reason_field(help_text: str) -> forms.CharField:
    return forms.CharField(
        label="Why?",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=help_text,
        error_messages={"required": "Say in a few words why", "max_length": "Shorten the reason to 400 characters"},
    )


class TakeBackForm(forms.Form):
    """`whose` is ALL or the address of one reader."""

    whose = forms.ChoiceField(
        label="Whose reply addresses?",
        error_messages={
            "required": "Choose whose addresses you take back",
            "invalid_choice": "These were taken back meanwhile. Choose again",
        },
    )
    reason = reason_field("It stands in the history, which only roZoom reads.")

    def __init__(self, *args: Any, holders: Sequence[Holder], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        emails = dict.fromkeys(one.email for one in holders)
        names = {email: ", ".join(one.organisation for one in holders if one.email == email) for email in emails}
        choices: list[Any] = [(email, Labelled(email, name)) for email, name in names.items()]
        if len(choices) > 1:
            choices.insert(0, (ALL, Labelled("All of them", f"{len(emails)} people can answer by mail now")))
        is_short = len(choices) <= RADIOS_AT_MOST
        whose = cast(forms.ChoiceField, self.fields["whose"])
        if is_short:
            whose.widget = forms.RadioSelect()
        whose.choices = choices if is_short else [(value, str(label)) for value, label in choices]
        self.initial.setdefault("whose", choices[0][0] if choices else "")

    @property
    def email(self) -> str:
        """The one address, or "" for all."""
        whose: str = self.cleaned_data["whose"]
        return "" if whose == ALL else whose


class TakeBackOwnForm(forms.Form):
    reason = reason_field("For example: the mailbox was lost, or its mail was sent on to somebody else.")
