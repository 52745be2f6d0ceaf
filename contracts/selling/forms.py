"""Shape of what people type about quotes, orders, invoices and endings."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms

from contracts.models import AgreementLine, AgreementTerm, Component
from contracts.selling.words import day_words
from rozoom_support.lib.ui.forms import Labelled
from tenancy.models import Organisation

MOST_COMPONENTS = 2000
TOGETHER = "with:"
Choices = list[tuple[str, Any]]


def date_field(label: str, missing: str, **options: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "w-s"})
    wrong = "Enter a day such as 2026-11-23"
    return forms.DateField(
        label=label,
        widget=widget,
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d %b %Y"],
        error_messages={"required": missing, "invalid": wrong},
        **options,
    )


def text_field(label: str, missing: str, *, length: int = 400, **options: Any) -> forms.CharField:
    messages = {"required": missing, "max_length": f"Use at most {length} characters"}
    options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
    return forms.CharField(label=label, max_length=length, error_messages=messages, **options)


class AmountField(forms.DecimalField):
    """1,234.50 or 1234.50: money people paste it as their bank writes it."""

    def __init__(self, **options: Any) -> None:
        words = "Enter an amount such as 1234.50"
        messages = {
            "required": words, "invalid": words, "max_digits": words, "max_decimal_places": words, "max_whole_digits": words,
        }  # fmt: skip
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "w-s num"})
        super().__init__(max_digits=14, decimal_places=4, widget=widget, error_messages=messages, **options)

    def to_python(self, value: Any) -> Any:
        return super().to_python(str(value).replace(",", "").replace(" ", "") if value is not None else value)


class QuoteForm(forms.Form):
    """What is sold, from when, for how long. Its choices are those of one customer."""

    components = forms.MultipleChoiceField(
        error_messages={
            "required": "Choose at least one component",
            "invalid_choice": "Choose components of this customer",
        }
    )
    start = date_field(
        "Covered from",
        "Enter the first covered day",
        help_text="A component whose free days are not over by then is covered, and paid for, from the day after them.",
    )
    length = forms.ChoiceField(
        label="For how long?", widget=forms.RadioSelect, error_messages={"required": "Choose for how long"}
    )
    currency = forms.ChoiceField(
        label="Currency",
        widget=forms.Select(attrs={"class": "w-s"}),
        error_messages={"required": "Choose a currency. Without list prices there is none"},
    )
    sold_by = forms.ChoiceField(
        label="Who sells it?", widget=forms.RadioSelect, error_messages={"required": "Choose who sells it"}
    )

    def __init__(
        self,
        *args: Any,
        components: Sequence[Component],
        together: Iterable[AgreementTerm],
        currencies: Sequence[str],
        sellers: Sequence[Organisation],
        earliest: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.earliest = earliest
        self.by_key = {str(one.pk): one for one in components}
        self.ends = {f"{TOGETHER}{one.pk}": one for one in together}
        fields: Any = self.fields
        fields["components"].choices = [(key, one.serial) for key, one in self.by_key.items()]
        fields["length"].choices = [(str(years), f"{12 * years} months") for years in (1, 2, 3)] + [
            (key, Labelled(f"To the end of {one.agreement}", f"{day_words(one.end_date)}, by the day"))
            for key, one in self.ends.items()
        ]
        fields["currency"].choices = [(one, one) for one in currencies]
        fields["sold_by"].choices = [(str(one.pk), one.name) for one in sellers]
        self.sellers = {str(one.pk): one for one in sellers}
        if len(sellers) == 1:
            fields["sold_by"].widget = forms.HiddenInput()
            fields["sold_by"].initial = str(sellers[0].pk)

    def clean_start(self) -> date:
        start: date = self.cleaned_data["start"]
        if start < self.earliest:
            raise forms.ValidationError(f"Enter {day_words(self.earliest)} or a later day")
        return start

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        other, start = self.ends.get(data.get("length", "")), data.get("start")
        if other and start and not other.start_date <= start <= other.end_date:
            span = f"{day_words(other.start_date)} to {day_words(other.end_date)}"
            self.add_error("start", f"{other.agreement} runs from {span}. Enter a day of these.")
        return data

    def chosen(self) -> list[Component]:
        return [self.by_key[key] for key in self.cleaned_data["components"]]


class OrderForm(forms.Form):
    purchase_order = forms.CharField(
        label="Your purchase order number",
        max_length=80,
        help_text="It stands on the invoice. Without one, write your own reference.",
        error_messages={
            "required": "Enter your purchase order number",
            "max_length": "A purchase order number has at most 80 characters",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "w-m"}),
    )


class AskForm(forms.Form):
    components = forms.MultipleChoiceField(required=False)
    text = text_field(
        "What do you need?", "", length=1000, required=False, help_text="Such as: from when, for how long."
    )

    def __init__(self, *args: Any, components: Sequence[Component], needs_components: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {str(one.pk): one for one in components}
        field: Any = self.fields["components"]
        field.choices = [(key, one.serial) for key, one in self.by_key.items()]
        field.required = needs_components
        field.error_messages = {
            "required": "Choose at least one component",
            "invalid_choice": "Choose components of yours",
        }

    def chosen(self) -> list[Component]:
        return [self.by_key[key] for key in self.cleaned_data["components"]]


class MovementForm(forms.Form):
    """A day on which money moved, and what the bank writes about it."""

    value_date = date_field("Day on which it arrived", "Enter the day on which it arrived")
    reference = forms.CharField(
        label="Reference",
        max_length=120,
        required=False,
        help_text="What the bank writes.",
        widget=forms.TextInput(attrs={"class": "w-m"}),
        error_messages={"max_length": "A reference has at most 120 characters"},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_value_date(self) -> date:
        day: date = self.cleaned_data["value_date"]
        if day > self.today:
            raise forms.ValidationError("Enter the day on which it moved, not one ahead")
        return day


class PaymentForm(MovementForm):
    amount = AmountField(label="Amount")
    source = forms.ChoiceField(
        label="How?",
        widget=forms.RadioSelect(attrs={"class": "choices-row"}),
        choices=[("bank", "Bank"), ("card", "Card"), ("other", "Other")],
        error_messages={"required": "Choose how it was paid"},
    )
    field_order = ("amount", "value_date", "source", "reference")


class ReversalForm(MovementForm):
    """The bank took a payment back."""

    value_date = date_field("Day on which the bank took it back", "Enter the day on which the bank took it back")


class ReasonForm(forms.Form):
    reason = text_field("Why?", "Say why. It is kept with the agreement.")


class NoticeForm(forms.Form):
    on = date_field("First day without cover", "Enter the first day without cover")
    reason = text_field("The notice", "Say who gave notice and when", help_text="Who gave notice, when, and why.")


class RemoveForm(forms.Form):
    component = forms.ChoiceField(
        label="Which component?", widget=forms.RadioSelect, error_messages={"required": "Choose a component"}
    )
    on = date_field("First day without cover", "Enter the first day without cover")
    reason = text_field("Why?", "Say why. It is kept with the agreement.", length=300)

    def __init__(self, *args: Any, lines: Sequence[AgreementLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {str(one.component_id): one for one in lines}
        field: Any = self.fields["component"]
        field.choices = [
            (key, Labelled(f"{one.component.product.name}, {one.component.serial}", one.component.site.name))
            for key, one in self.by_key.items()
        ]

    def chosen(self) -> Component:
        return self.by_key[self.cleaned_data["component"]].component


class AttestForm(forms.Form):
    paid_on = date_field("Day on which your customer paid you", "Enter the day on which your customer paid you")
    statement = text_field("What did it pay?", "Say what was paid", help_text="Such as the number of your own invoice.")


class ReinstateForm(forms.Form):
    paid_on = date_field("Paid on", "Enter the day on which it was paid")
    amount = AmountField(label="Amount that arrived")
    reference = forms.CharField(
        label="Reference",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"class": "w-m"}),
        error_messages={"max_length": "A reference has at most 80 characters"},
    )
    inspected_on = date_field(
        "Inspected on", "", required=False, help_text="Needed when it lapsed more than 365 days ago."
    )
