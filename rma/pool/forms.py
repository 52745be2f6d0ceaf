"""Shape of what people type about units of the pool."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from contracts.models import Product
from contracts.selling.forms import AmountField, text_field
from rma.models import Pool, PoolUnit
from rma.services.pooling import LONGEST_ORDER, MOST_ORDERED
from rma.services.receiving import LONGEST_SERIAL, MOST_UNITS, Arrival
from rma.states import Condition
from tenancy.models import Organisation

LONGEST_LIST = (LONGEST_SERIAL + 2) * MOST_UNITS * 12


def short(label: str, length: int, **options: Any) -> forms.CharField:
    return text_field(
        label, "", length=length, required=False, widget=forms.TextInput(attrs={"class": "w-m"}), **options
    )


def serials_field(label: str, missing: str, **options: Any) -> forms.CharField:
    box = forms.Textarea(
        attrs={
            "rows": 10,
            "spellcheck": "false",
            "autocomplete": "off",
            "autocapitalize": "characters",
            "class": "serials",
        }
    )
    return text_field(label, missing, length=LONGEST_LIST, widget=box, strip=False, **options)


class PoolField(forms.TypedChoiceField):
    """One pool is no question."""

    def __init__(self, **options: Any) -> None:
        messages = {"required": "Choose a pool", "invalid_choice": "Choose from the list"}
        super().__init__(label="Pool", coerce=int, error_messages=messages, **options)


class ReceiveForm(forms.Form):
    pool = PoolField()
    product = forms.ChoiceField(
        label="Product",
        error_messages={"required": "Choose a product", "invalid_choice": "Choose from the list"},
    )
    condition = forms.ChoiceField(
        label="Condition",
        choices=[(str(one), str(one.label)) for one in (Condition.NEW, Condition.REFURBISHED)],
        initial=str(Condition.NEW),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose new or refurbished", "invalid_choice": "Choose new or refurbished"},
    )
    revision = short("Revision", 40)
    firmware = short("Firmware", 40, help_text="If you know it. The test asks again.")
    place = short("Shelf", 60, help_text="Where they stand, such as A-03.")
    serials = serials_field(
        "Serials",
        "Scan or type at least one serial",
        help_text="One a line. Put the cursor here and scan: each scan ends its line.",
    )

    def __init__(self, *args: Any, pools: Sequence[Pool], products: Iterable[Product], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pools = {one.pk: one for one in pools}
        self.products = {str(one.pk): one for one in products}
        _offer_pools(self, pools)
        choices = [(key, f"{one.name} ({one.sku})") for key, one in self.products.items()]
        self.fields["product"].choices = [("", "Choose"), *choices]  # type: ignore[attr-defined]

    @property
    def lines(self) -> list[str]:
        return str(self.cleaned_data["serials"]).splitlines()

    @property
    def arrival(self) -> Arrival:
        """Of a form that is valid."""
        data = self.cleaned_data
        return Arrival(
            pool=self.pools[data["pool"]],
            product=self.products[data["product"]],
            condition=data["condition"],
            revision=data["revision"].strip(),
            firmware=data["firmware"].strip(),
            place=data["place"].strip(),
        )


class OrderForm(forms.Form):
    pool = PoolField()
    product = forms.ChoiceField(
        label="Product",
        error_messages={"required": "Choose a product", "invalid_choice": "Choose from the list"},
    )
    count = forms.IntegerField(
        label="How many units?",
        min_value=1,
        max_value=MOST_ORDERED,
        widget=forms.NumberInput(attrs={"class": "w-s", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), f"Enter a number from 1 to {MOST_ORDERED}"
        ),
    )
    supplier = forms.ChoiceField(
        label="Supplier", required=False, error_messages={"invalid_choice": "Choose from the list"}
    )
    order_number = short(
        "Your order number", LONGEST_ORDER, help_text="It stands with each unit, also after it arrived."
    )

    def __init__(
        self,
        *args: Any,
        pools: Sequence[Pool],
        products: Iterable[Product],
        suppliers: Iterable[Organisation],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.pools = {one.pk: one for one in pools}
        self.products = {str(one.pk): one for one in products}
        self.suppliers = {str(one.pk): one for one in suppliers}
        _offer_pools(self, pools)
        names = [(key, f"{one.name} ({one.sku})") for key, one in self.products.items()]
        self.fields["product"].choices = [("", "Choose"), *names]  # type: ignore[attr-defined]
        known = [(key, one.name) for key, one in self.suppliers.items()]
        self.fields["supplier"].choices = [("", "Not known yet"), *known]  # type: ignore[attr-defined]


class TestedForm(forms.Form):
    units = forms.MultipleChoiceField(
        error_messages={
            "required": "Choose the units that passed the test",
            "invalid_choice": "Somebody moved one of these units meanwhile. Look again",
        }
    )
    firmware = short("Firmware after the test", 40, help_text="Leave it empty where it is known already.")

    def __init__(self, *args: Any, found: Iterable[PoolUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["units"].choices = [(str(one.pk), one.serial) for one in found]  # type: ignore[attr-defined]


class CountForm(forms.Form):
    pool = PoolField()
    product = forms.ChoiceField(
        label="Product", required=False, error_messages={"invalid_choice": "Choose from the list"}
    )
    place = short("Shelf", 60, help_text="Only what should stand there. Empty: the whole pool.")
    serials = serials_field(
        "Serials on the shelf",
        "Scan what is on the shelf. Nothing there? Write: none",
        help_text="One a line, in any order. Nothing is changed yet.",
    )

    def __init__(self, *args: Any, pools: Sequence[Pool], products: Iterable[Product], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pools = {one.pk: one for one in pools}
        self.products = {str(one.pk): one for one in products}
        _offer_pools(self, pools)
        choices = [(key, f"{one.name} ({one.sku})") for key, one in self.products.items()]
        self.fields["product"].choices = [("", "All products"), *choices]  # type: ignore[attr-defined]

    @property
    def lines(self) -> list[str]:
        """The word for an empty shelf is no serial."""
        typed = str(self.cleaned_data["serials"]).splitlines()
        return [] if [line.strip().lower() for line in typed if line.strip()] == ["none"] else typed


class LevelForm(forms.Form):
    pool = PoolField()
    level = forms.IntegerField(
        label="Units to own",
        min_value=0,
        max_value=9999,
        widget=forms.NumberInput(attrs={"class": "w-s", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Enter a number from 0 to 9999"
        ),
    )
    target = forms.DecimalField(
        label="Requests to meet from the shelf, in percent",
        min_value=Decimal(1),
        max_value=Decimal("99.99"),
        max_digits=4,
        decimal_places=2,
        help_text="95 is usual; 99 for parts of severity 1.",
        widget=forms.TextInput(attrs={"class": "w-s", "inputmode": "decimal", "autocomplete": "off"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits"),
            "Enter a number such as 95 or 99.5",
        ),
    )

    def __init__(self, *args: Any, pools: Sequence[Pool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pools = {one.pk: one for one in pools}
        _offer_pools(self, pools)


class SpendForm(forms.Form):
    """A question in the address: nothing is bought by it."""

    budget = AmountField(label="Sum to spend", min_value=0)
    currency = forms.ChoiceField(
        label="Currency", error_messages={"required": "Choose a currency", "invalid_choice": "Choose from the list"}
    )

    def __init__(self, *args: Any, currencies: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(one, one) for one in currencies]  # type: ignore[attr-defined]


def percent_field(label: str, low: str, high: str, words: str, **options: Any) -> forms.DecimalField:
    names = ("required", "invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits")
    return forms.DecimalField(
        label=label,
        min_value=Decimal(low),
        max_value=Decimal(high),
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"class": "w-s", "inputmode": "decimal", "autocomplete": "off"}),
        error_messages=dict.fromkeys(names, words),
        **options,
    )


class LastBuyForm(forms.Form):
    """A question in the address, too."""

    years = percent_field("Years it is supported for", "0.5", "20", "Enter a number of years from 0.5 to 20")
    scrapped = percent_field("Scrapped, in percent", "0", "100", "Enter a number from 0 to 100, such as 10")
    certainty = percent_field("How sure, in percent", "1", "99.99", "Enter a number such as 95 or 99.5")


def _offer_pools(form: forms.Form, pools: Sequence[Pool]) -> None:
    field = form.fields["pool"]
    field.choices = [(one.pk, one.name) for one in pools]  # type: ignore[attr-defined]
    if len(pools) == 1:
        field.initial, field.widget = pools[0].pk, forms.HiddenInput()
