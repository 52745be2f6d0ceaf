"""Shape of the renewals desk's filter and of the letter."""

from django import forms

from contracts.services.renewing import MOST_TEXT
from tenancy.models import Organisation


class FilterForm(forms.Form):
    q = forms.CharField(required=False, max_length=100, strip=True)
    seller = forms.CharField(required=False, max_length=12, strip=True)


class LetterForm(forms.Form):
    letter = forms.CharField(
        label="Letter",
        max_length=MOST_TEXT,
        help_text="The customer reads this above the figures of the quote and a link to order it.",
        error_messages={
            "required": "Write what the customer reads above the quote",
            "max_length": f"Shorten it to {MOST_TEXT:,} characters",
        },
        widget=forms.Textarea(attrs={"rows": 14}),
    )


def chosen_seller(code: str, sellers: list[Organisation]) -> Organisation | None:
    return next((one for one in sellers if one.code == code), None)
