"""What a reader of the reports asks for: period, severity, promise, customer, reseller. All of it stands in the URL."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict

from rozoom_support.lib.ui.times import zone_named
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation
from tickets.desk.filters import customers_named
from tickets.desk.listing import customers_to_choose
from tickets.reports import words
from tickets.reports.period import DEFAULT, MONTHS_OF_PRESET, WrongPeriod, chosen, preset
from tickets.reports.queries import SEVERITIES, Narrowing

UNKNOWN_CUSTOMER = "We know no customer of yours by this name or code."
DATE = "Write a day such as 2026-11-23."


def date_field(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": DATE},
        input_formats=["%Y-%m-%d"],
    )


class ReportForm(forms.Form):
    """Choices hold what this reader may know and nothing else; unknown ones fall away, so a bookmark never breaks."""

    severity = forms.MultipleChoiceField(
        required=False,
        choices=[(str(one), str(one)) for one in SEVERITIES],
        widget=forms.CheckboxSelectMultiple,
    )
    kind = forms.ChoiceField(required=False, choices=list(words.KINDS.items()))

    def __init__(self, data: QueryDict, *, actor: Actor, zone: str, now: datetime) -> None:
        self.actor, self.zone, self.today = actor, zone, now.astimezone(zone_named(zone)).date()
        self.customers: list[tuple[str, str]] = []
        super().__init__(self._known(data), auto_id="r_%s")
        self.fields["from"], self.fields["to"] = date_field("From"), date_field("To")
        if actor.party != "customer":
            self._offer_organisations()

    @staticmethod
    def _known(data: QueryDict) -> QueryDict:
        known = data.copy()
        known.setlist("severity", [one for one in data.getlist("severity") if one in ("1", "2", "3")])
        kind = str(data.get("kind", ""))
        known["kind"] = kind if kind in words.KINDS else "FIRST"
        return known

    def _offer_organisations(self) -> None:
        box = forms.TextInput(attrs={"autocomplete": "off"})
        self.fields["customer"] = forms.CharField(required=False, max_length=120, widget=box)
        self.customers = customers_to_choose(self.actor)
        if self.customers:
            box.attrs["list"] = "customers"
        if self.actor.is_operator:
            served = Organisation.objects.filter(kind__in=[Kind.RESELLER, Kind.OPERATOR]).order_by("-kind", "name")
            self.resellers = {code: (pk, name) for pk, code, name in served.values_list("pk", "code", "name")}
            names = [(code, name) for code, (_, name) in self.resellers.items()]
            self.fields["reseller"] = forms.ChoiceField(required=False, choices=[("", "All"), *names])
            self.data["reseller"] = self.data.get("reseller") if self.data.get("reseller") in self.resellers else ""  # type: ignore[index]

    @property
    def days(self) -> list[forms.BoundField]:
        return [self["from"], self["to"]]

    @property
    def months(self) -> str:
        given = self.data.get("months", "")
        return given if given in MONTHS_OF_PRESET else DEFAULT

    def clean_customer(self) -> str:
        """Another's customer and none at all are the same."""
        text: str = self.cleaned_data["customer"]
        self.customer_ids = tuple(customers_named(text)) if text else ()
        if text and not self.customer_ids:
            raise forms.ValidationError(UNKNOWN_CUSTOMER)
        return text

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        self.period = preset(self.months, self.today, self.zone)
        if not self.errors.keys() & {"from", "to"} and (given.get("from") or given.get("to")):
            try:
                self.period = chosen(given.get("from"), given.get("to"), self.today, self.zone)
            except WrongPeriod as wrong:
                self.add_error(wrong.param, wrong.words)
        return given

    @property
    def narrowing(self) -> Narrowing | None:
        """None when a customer was named whom the reader does not know: then nothing is counted."""
        self.is_valid()
        if "customer" in self.errors:
            return None
        reseller = self.cleaned_data.get("reseller")
        return Narrowing(
            self.period,
            severities=tuple(int(one) for one in self.cleaned_data.get("severity", ())),
            customers=getattr(self, "customer_ids", ()),
            resellers=(self.resellers[reseller][0],) if reseller else (),
        )

    @property
    def kind_chosen(self) -> str:
        return str(self.cleaned_data.get("kind") or "FIRST")

    def chips(self) -> list[tuple[str, str]]:
        """(words, name of the parameter) for each filter that is on."""
        given = self.cleaned_data
        found = [(f"Severity {', '.join(given['severity'])}", "severity")] if given.get("severity") else []
        if given.get("customer"):
            found.append((f"Customer: {given['customer']}", "customer"))
        if given.get("reseller"):
            found.append((f"Reseller: {self.resellers[given['reseller']][1]}", "reseller"))
        return found
