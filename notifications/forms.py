"""What a person chooses about mails."""

from typing import Any

from django import forms

from notifications.wishes import DIGEST, NEVER, NOW, WHEN_WORDS, WISHES
from tenancy.preferences import DIGEST_HOURS


class WishesForm(forms.Form):
    digest_hour = forms.TypedChoiceField(
        label="Send the daily mail at",
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in DIGEST_HOURS],
        error_messages={"required": "Choose an hour", "invalid_choice": "Choose an hour from the list"},
    )

    def __init__(self, *args: Any, party: str, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hour = self.fields.pop("digest_hour")
        for wish in WISHES.values():
            if party in wish.parties:
                self.fields[wish.key] = forms.ChoiceField(
                    label=wish.words,
                    widget=forms.RadioSelect(attrs={"class": "choices-row"}),
                    choices=[(when, WHEN_WORDS[when]) for when in (NOW, DIGEST, NEVER)],
                    error_messages={"required": "Choose one of the three"},
                )
        hour.help_text = f"In your time zone, {zone}. On days without news nothing is sent."
        self.fields["digest_hour"] = hour
