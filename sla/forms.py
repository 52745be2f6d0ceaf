"""Shape of what is typed about duty and ladders. Rows of a table are forms of their own, so that an error stands at its row."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from rozoom_support.lib.ui.times import zone_named
from sla import rota as plans
from sla.ladders import MOST_LEVELS, Rung
from sla.models import Recipient
from sla.rostering import MOST_SHIFTS
from tenancy.forms import zone_choices
from tenancy.models import Membership, Organisation, Team

PERCENT, MINUTES = "percent", "minutes"
SHORT_DAYS = tuple((number, name[:3]) for number, name in enumerate(plans.DAYS, start=1))
NOBODY = ("", "Nobody")
NONE = "0"
F = TypeVar("F", bound=forms.Form)


class RungForm(forms.Form):
    """One level. `level` is the number it has already."""

    level = forms.IntegerField(required=False, widget=forms.HiddenInput)
    amount = forms.IntegerField(
        label="Told at",
        min_value=0,
        max_value=100_000,
        error_messages={
            "required": "Enter a number",
            "invalid": "Enter a whole number",
            "min_value": "Enter 1 or more",
            "max_value": "Enter a smaller number",
        },
        widget=forms.NumberInput(attrs={"class": "w-s", "inputmode": "numeric"}),
    )
    unit = forms.ChoiceField(
        label="Counted in",
        choices=[(PERCENT, "% of the time to answer"), (MINUTES, "minutes after the due time")],
        error_messages={"required": "Choose what is counted", "invalid_choice": "Choose what is counted"},
    )
    recipients = forms.MultipleChoiceField(
        label="Who is told",
        choices=Recipient.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-grid"}),
        error_messages={"required": "Choose who is told", "invalid_choice": "Choose from the list"},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("amount") == 0:
            zero = (
                "0 % is the report itself: enter 1 to 100" if data.get("unit") == PERCENT else "Enter 1 or more minutes"
            )
            self.add_error("amount", zero)
        elif data.get("unit") == PERCENT and (data.get("amount") or 0) > 100:
            self.add_error("amount", "Enter 1 to 100 %. 100 % is the due time")
        return data

    @property
    def rung(self) -> Rung:
        """Of a form that is valid."""
        data = self.cleaned_data
        minutes = data["amount"] if data["unit"] == MINUTES else 0
        percent = 100 if data["unit"] == MINUTES else data["amount"]
        return Rung(percent, timedelta(minutes=minutes), tuple(data["recipients"]), data["level"])

    @staticmethod
    def fields_of(rung: Rung) -> dict[str, Any]:
        after = rung.after // timedelta(minutes=1)
        return {
            "level": rung.level,
            "amount": after or rung.percent,
            "unit": MINUTES if after else PERCENT,
            "recipients": list(rung.recipients),
        }


class ShiftForm(forms.Form):
    who = forms.TypedChoiceField(
        label="Who", coerce=int, error_messages={"required": "Choose who", "invalid_choice": "Choose from the list"}
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On which days",
        coerce=int,
        choices=SHORT_DAYS,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-grid choices-days"}),
        error_messages={"required": "Choose at least one day"},
    )
    start = forms.TimeField(
        label="From",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Enter when it starts", "invalid": "Enter a time such as 08:00"},
    )
    end = forms.TimeField(
        label="To",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Enter when it ends", "invalid": "Enter a time such as 18:00"},
    )

    def __init__(self, *args: Any, people: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [("", "Choose"), *people_choices(people)]  # type: ignore[attr-defined]

    def clean_start(self) -> Any:
        return self.cleaned_data["start"].replace(second=0, microsecond=0)

    def clean_end(self) -> Any:
        return self.cleaned_data["end"].replace(second=0, microsecond=0)

    @property
    def shift(self) -> plans.Shift:
        """Of a form that is valid."""
        data = self.cleaned_data
        return plans.Shift(data["who"], frozenset(data["weekdays"]), data["start"], data["end"])

    @staticmethod
    def fields_of(shift: plans.Shift) -> dict[str, Any]:
        return {
            "who": shift.who,
            "weekdays": sorted(shift.weekdays),
            "start": f"{shift.start:%H:%M}",
            "end": f"{shift.end:%H:%M}",
        }


class Rows(Generic[F]):
    """Rows of a table that are added and removed by buttons of the form itself, so that it works without JavaScript."""

    def __init__(self, make: Callable[..., F], field_types: Mapping[str, forms.Field], most: int) -> None:
        self.make, self.field_types, self.most = make, field_types, most

    def stored(self, values: Sequence[Mapping[str, Any]]) -> list[F]:
        return [self.make(initial=one, prefix=f"row-{place}") for place, one in enumerate(values)]

    def typed(self, data: QueryDict) -> list[F]:
        return [
            self.make(self._renamed(one, place), prefix=f"row-{place}") for place, one in enumerate(self._rows(data))
        ]

    def after_button(self, data: QueryDict) -> list[F]:
        """With a row more or less, as the button says; what was typed stays and is not judged yet."""
        rows = self._rows(data)
        if "remove" in data and (place := _number(data.get("remove"))) < len(rows):
            del rows[place]
        if "add" in data and len(rows) < self.most:
            rows.insert(_number(data.get("add")), {})
        multiple = {name for name, field in self.field_types.items() if isinstance(field, forms.MultipleChoiceField)}
        return self.stored(
            [{name: row[name] if name in multiple else "".join(row[name][:1]) for name in row} for row in rows]
        )

    def _rows(self, data: QueryDict) -> list[dict[str, list[str]]]:
        """One more than there is room for, so that the deed says how many there may be."""
        return [
            {name: data.getlist(f"row-{place}-{name}") for name in self.field_types}
            for place in range(min(_number(data.get("rows")), self.most + 1))
        ]

    @staticmethod
    def _renamed(row: Mapping[str, list[str]], place: int) -> MultiValueDict:
        return MultiValueDict({f"row-{place}-{name}": values for name, values in row.items()})


def _number(typed: str | None) -> int:
    return min(int(typed), 10_000) if typed and typed.isascii() and typed.isdecimal() else 0


LADDER_ROWS = Rows(RungForm, RungForm.base_fields, MOST_LEVELS)


def shift_rows(people: Sequence[Membership]) -> Rows[ShiftForm]:
    def make(*args: Any, **kwargs: Any) -> ShiftForm:
        return ShiftForm(*args, people=people, **kwargs)

    return Rows(make, ShiftForm.base_fields, MOST_SHIFTS)


def _number_or_none(value: str) -> int | None:
    return int(value) or None


class CaseForm(forms.Form):
    """For whom a ladder is shown before it is saved."""

    team = forms.TypedChoiceField(label="Team of the ticket", coerce=_number_or_none)
    reseller = forms.TypedChoiceField(label="The customer is served by", coerce=_number_or_none)

    def __init__(self, *args: Any, teams: Iterable[Team], resellers: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [(NONE, "No team"), *((one.pk, one.name) for one in teams)]  # type: ignore[attr-defined]
        served = [(NONE, "roZoom itself"), *((one.pk, one.name) for one in resellers)]
        self.fields["reseller"].choices = served  # type: ignore[attr-defined]


class ZoneForm(forms.Form):
    zone = forms.ChoiceField(
        label="Times are in",
        error_messages={"required": "Choose a zone from the list", "invalid_choice": "Choose a zone from the list"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = zone_choices("UTC")[1:]  # type: ignore[attr-defined]


class ChangeForm(forms.Form):
    """Times are typed in the zone of the rota."""

    away = forms.TypedChoiceField(
        label="Who is away",
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Nobody: the other one comes in addition.",
    )
    comes = forms.TypedChoiceField(
        label="Who comes",
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Only while the one who is away has duty. Nobody: the others on duty go on alone.",
    )
    starts_at = forms.DateTimeField(
        label="From",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Enter when it starts", "invalid": "Enter a day and a time"},
    )
    ends_at = forms.DateTimeField(
        label="To",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Enter when it ends", "invalid": "Enter a day and a time"},
    )

    def __init__(
        self, *args: Any, zone: str, away: Sequence[Membership], comes: Sequence[Membership], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["away"].choices = [NOBODY, *people_choices(away)]  # type: ignore[attr-defined]
        self.fields["comes"].choices = [NOBODY, *people_choices(comes)]  # type: ignore[attr-defined]

    def clean_starts_at(self) -> datetime:
        return self._instant("starts_at", fold=0)

    def clean_ends_at(self) -> datetime:
        """Of an hour that comes twice the later one, so that nothing between is left out."""
        return self._instant("ends_at", fold=1)

    def _instant(self, name: str, fold: int) -> datetime:
        """Django reads what is typed as UTC; it is meant in the zone of the rota."""
        typed = self.cleaned_data[name].replace(tzinfo=None)
        try:
            local = typed.replace(tzinfo=zone_named(self.zone), fold=fold)
            instant = local.astimezone(UTC)
        except OverflowError as error:
            raise forms.ValidationError("Enter a day and a time") from error
        if instant.astimezone(local.tzinfo).replace(tzinfo=None) != typed:
            raise forms.ValidationError("The clocks change then, and that time does not come. Enter another one")
        return instant


def people_choices(people: Iterable[Membership]) -> Iterator[tuple[int, str]]:
    return ((one.pk, f"{one.person_name}, {one.role_label.lower()}") for one in people)
