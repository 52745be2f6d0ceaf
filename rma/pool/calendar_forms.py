"""Shape of what people type about warehouses and their calendars."""

import re
from datetime import time
from typing import Any

from django import forms

from contracts.selling.forms import date_field, text_field
from rma.models import Warehouse
from rma.services.warehouses import WarehouseFacts, facts_of
from rozoom_support.lib.ui.times import WEEKDAYS
from tenancy.forms import zone_choices

CLOSED, OPEN = "closed", "open"
DAYS = [(str(number), name) for number, name in enumerate(WEEKDAYS)]
BETWEEN_CODES = re.compile(r"[\s,;]+")
CODE = re.compile(r"[A-Za-z0-9-]{2,12}")


class ExceptionForm(forms.Form):
    what = forms.ChoiceField(
        label="On these days it is",
        choices=[(CLOSED, "Closed"), (OPEN, "Open, although it is a holiday or a weekend")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose closed or open", "invalid_choice": "Choose closed or open"},
    )
    first = date_field("First day", "Enter the first day")
    last = date_field("Last day", "", required=False)
    reason = text_field(
        "Reason",
        "Enter a reason, such as: stock count",
        length=120,
        widget=forms.TextInput(),
        help_text="It stands in the promises that it changes. Customers read it.",
    )


class WarehouseForm(forms.Form):
    code = forms.CharField(
        label="Short name",
        max_length=12,
        help_text="2 to 12 letters and digits, such as CHI1. It stays as it is.",
        widget=forms.TextInput(attrs={"class": "w-s", "autocapitalize": "characters", "autocomplete": "off"}),
        error_messages={"required": "Enter a short name", "max_length": "Use at most 12 letters and digits"},
    )
    name = text_field("Name", "Enter a name, such as Chicago", length=120, widget=forms.TextInput())
    address = text_field("Address", "", length=400, required=False, help_text="It stands on return labels.")
    time_zone = forms.ChoiceField(
        label="Time zone",
        error_messages={"required": "Choose a time zone", "invalid_choice": "Choose from the list"},
    )
    cut_off = forms.TimeField(
        label="Cut-off",
        initial=time(15),
        help_text="What is approved before this time leaves the same day.",
        widget=forms.TimeInput(attrs={"type": "time", "class": "w-s"}, format="%H:%M"),
        error_messages={"required": "Enter a time such as 15:00", "invalid": "Enter a time such as 15:00"},
    )
    country = forms.CharField(
        label="Country",
        max_length=2,
        min_length=2,
        help_text="Two letters, such as US. It chooses the public holidays.",
        widget=forms.TextInput(attrs={"class": "w-s", "autocomplete": "off"}),
        error_messages=dict.fromkeys(("required", "max_length", "min_length"), "Enter two letters, such as US or DE"),
    )
    subdivision = forms.CharField(
        label="Part of the country",
        max_length=6,
        required=False,
        help_text="Such as CA or BY, where its holidays differ.",
        widget=forms.TextInput(attrs={"class": "w-s", "autocomplete": "off"}),
        error_messages={"max_length": "Use at most 6 letters"},
    )
    workdays = forms.MultipleChoiceField(
        label="Days on which it works",
        choices=DAYS,
        initial=["0", "1", "2", "3", "4"],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-grid choices-days"}),
        error_messages={"required": "Choose at least one day", "invalid_choice": "Choose from the list"},
    )
    serviced_countries = text_field(
        "Countries with a promised day",
        "",
        length=800,
        required=False,
        help_text="Two letters each, such as US, CA. To others it ships as fast as it can, without a promised day.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, warehouse: Warehouse | None = None, year: int = 0, **kwargs: Any) -> None:
        if warehouse is not None:
            kwargs.setdefault("initial", _initial(facts_of(warehouse, year)))
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices("")[1:]  # type: ignore[attr-defined]
        if warehouse is not None:
            del self.fields["code"]

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].strip().upper()
        if not CODE.fullmatch(code):
            raise forms.ValidationError("Use 2 to 12 letters and digits, such as CHI1")
        return code

    def clean_serviced_countries(self) -> tuple[str, ...]:
        typed = BETWEEN_CODES.split(self.cleaned_data["serviced_countries"].upper())
        return tuple(sorted({one for one in typed if one}))

    @property
    def facts(self) -> WarehouseFacts:
        """Of a form that is valid."""
        data = self.cleaned_data
        return WarehouseFacts(
            name=data["name"].strip(),
            address=data["address"].strip(),
            time_zone=data["time_zone"],
            cut_off=data["cut_off"].replace(second=0, microsecond=0),
            country=data["country"].strip().upper(),
            subdivision=data["subdivision"].strip().upper(),
            weekend=tuple(sorted(set(range(7)) - {int(day) for day in data["workdays"]})),
            serviced_countries=data["serviced_countries"],
        )


def _initial(facts: WarehouseFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "address": facts.address,
        "time_zone": facts.time_zone,
        "cut_off": facts.cut_off,
        "country": facts.country,
        "subdivision": facts.subdivision,
        "workdays": [str(day) for day in range(7) if day not in facts.weekend],
        "serviced_countries": ", ".join(facts.serviced_countries),
    }
