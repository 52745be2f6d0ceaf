"""A form for each deed, made from what the deed asks for (rma/actions). Shape only; the deed judges."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms

from contracts.models import Component, Product, Site
from contracts.queries import component_by_serial
from contracts.selling.forms import AmountField, date_field
from rma import actions
from rma.actions import fields as kinds
from rma.models import Pool, PoolUnit, ProductSupplier, Rma, Substitute
from rozoom_support.lib.ui.forms import Labelled
from tenancy.models import Kind, Organisation

UNITS_SHOWN = 20
FEW = 7  # as many choices are radios


class ActionForm(forms.Form):
    """`values()` is what the deed is called with: what was left out is not in it."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        asked: Iterable[actions.Field],
        rma: Rma | None,
        *args: Any,
        product: Product | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rma = rma
        self.product = product or (rma.component.product if rma is not None and rma.component else None)
        self.asked = list(asked)
        self.objects: dict[str, dict[str, Any]] = {}
        for one in self.asked:
            self.fields[one.name] = MAKERS[one.kind](self, one)
        for made in self.fields.values():
            if not isinstance(made.widget, forms.HiddenInput):
                made.widget.attrs["autofocus"] = True
                break

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for one in self.asked:
            if one.kind == kinds.COMPONENT and data.get(one.name):
                data[one.name] = self._component(one.name, data[one.name])
        return data

    def _component(self, name: str, serial: str) -> Component | None:
        found = component_by_serial(self.rma.customer, serial) if self.rma else None
        if found is None:
            self.add_error(name, "This customer has no component with this serial. Register it first.")
        return found

    def values(self) -> dict[str, Any]:
        found = {}
        for one in self.asked:
            given = self.cleaned_data.get(one.name)
            if given in (None, "", [], False):
                continue
            found[one.name] = self.objects[one.name][given] if one.name in self.objects else given
        return found

    def offer(self, name: str, rows: Iterable[tuple[Any, Any]]) -> list[tuple[str, Any]]:
        """Objects to choose from, and what the form shows of them."""
        found = list(rows)
        self.objects[name] = {str(row.pk): row for row, _ in found}
        return [(str(row.pk), label) for row, label in found]


def _messages(one: actions.Field) -> dict[str, str]:
    return {
        "required": one.missing.rstrip("."),
        "max_length": f"Use at most {one.longest} characters",
        "invalid_choice": "Choose one of these",
    }


def _plain(one: actions.Field, **more: Any) -> dict[str, Any]:
    return {
        "label": one.label,
        "required": one.is_needed,
        "help_text": one.hint,
        "error_messages": _messages(one),
        **more,
    }


def _line(form: ActionForm, one: actions.Field) -> forms.Field:
    widget = forms.TextInput(attrs={"autocomplete": "off", "class": "w-m"})
    return forms.CharField(max_length=one.longest, widget=widget, **_plain(one))


def _scan(form: ActionForm, one: actions.Field) -> forms.Field:
    attributes = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "class": "w-m scan"}
    return forms.CharField(max_length=one.longest, widget=forms.TextInput(attrs=attributes), **_plain(one))


def _text(form: ActionForm, one: actions.Field) -> forms.Field:
    return forms.CharField(max_length=one.longest, widget=forms.Textarea(attrs={"rows": 3}), **_plain(one))


def _flag(form: ActionForm, one: actions.Field) -> forms.Field:
    return forms.BooleanField(**_plain(one, required=False))


def _money(form: ActionForm, one: actions.Field) -> forms.Field:
    return AmountField(label=one.label, required=one.is_needed, help_text=one.hint, min_value=0)


def _day(form: ActionForm, one: actions.Field) -> forms.Field:
    return date_field(one.label, one.missing.rstrip("."), required=one.is_needed, help_text=one.hint)


def _choice(form: ActionForm, one: actions.Field) -> forms.Field:
    return forms.ChoiceField(choices=one.choices, widget=forms.RadioSelect, **_plain(one))


def _choices(form: ActionForm, one: actions.Field) -> forms.Field:
    return forms.MultipleChoiceField(choices=one.choices, widget=forms.CheckboxSelectMultiple, **_plain(one))


def _listed(form: ActionForm, one: actions.Field, rows: Iterable[tuple[Any, Any]], nothing: str) -> forms.Field:
    """Few are radios, more a list; what may be left out has its own words for that."""
    choices = form.offer(one.name, rows)
    if not one.is_needed:
        choices = [("", nothing), *choices]
    widget: type[forms.Widget] = forms.RadioSelect if len(choices) <= FEW else forms.Select
    return forms.ChoiceField(choices=choices, widget=widget, **_plain(one, initial="", help_text=""))


def _site(form: ActionForm, one: actions.Field) -> forms.Field:
    assert form.rma is not None
    sites = Site.objects.filter(customer_id=form.rma.customer_id, is_active=True).order_by("name")
    now = form.rma.ship_to
    nothing = Labelled(f"As it is: {now.name}", now.address.replace("\n", ", ")) if now else "Not known yet"
    rows = [(site, Labelled(site.name, site.address.replace("\n", ", "))) for site in sites]
    return _listed(form, one, [pair for pair in rows if now is None or pair[0].pk != now.pk], nothing)  # type: ignore[arg-type]


def _supplier(form: ActionForm, one: actions.Field) -> forms.Field:
    """The product's own stands once, as what is taken when nothing is chosen."""
    usual = usual_supplier(form.product)
    found = Organisation.objects.filter(kind=Kind.SUPPLIER, is_active=True).order_by("name")
    rows = [(row, row.name) for row in found if one.is_needed or usual is None or row.pk != usual.pk]
    return _listed(form, one, rows, f"The product's own: {usual.name if usual else 'not known yet'}")


def usual_supplier(product: Product | None) -> Organisation | None:
    known = ProductSupplier.objects.select_related("supplier")
    usual = known.filter(product=product).first() if product else None
    return usual.supplier if usual else None


def _pool(form: ActionForm, one: actions.Field) -> forms.Field:
    found = Pool.objects.filter(is_active=True).order_by("name")
    return _listed(form, one, [(row, row.name) for row in found], "The one that can send it soonest")


def _unit(form: ActionForm, one: actions.Field) -> forms.Field:
    assert form.rma is not None
    rows = [(unit, Labelled(f"{unit.product.sku} {unit.serial}", unit_words(unit))) for unit in fit_units(form.rma)]
    return _listed(form, one, rows, "The oldest fit unit")


def unit_words(unit: PoolUnit) -> str:
    parts = (unit.pool.name, unit.place, unit.get_condition_display(), unit.firmware and f"firmware {unit.firmware}")  # type: ignore[attr-defined]
    return ", ".join(part for part in parts if part)


def fit_units(rma: Rma) -> list[PoolUnit]:
    """What may be reserved for it, its own product first."""
    if rma.component is None:
        return []
    own = rma.component.product_id
    others = Substitute.objects.filter(product_id=own).values("substitute_id")
    found = PoolUnit.objects.available().filter(pool__is_active=True).select_related("product", "pool")
    mine = list(found.filter(product_id=own).oldest_first()[:UNITS_SHOWN])
    return mine + list(found.filter(product_id__in=others).oldest_first()[: UNITS_SHOWN - len(mine)])


Maker = Callable[[ActionForm, actions.Field], forms.Field]
MAKERS: dict[str, Maker] = {
    kinds.LINE: _line,
    kinds.TEXT: _text,
    kinds.SERIAL: _scan,
    kinds.COMPONENT: _scan,
    kinds.FLAG: _flag,
    kinds.CHOICE: _choice,
    kinds.CHOICES: _choices,
    kinds.MONEY: _money,
    kinds.DAY: _day,
    kinds.SITE: _site,
    kinds.SUPPLIER: _supplier,
    kinds.POOL: _pool,
    kinds.UNIT: _unit,
}


class ScanForm(forms.Form):
    """One field for a scanner."""

    serial = forms.CharField(
        label="Serial of the part",
        max_length=80,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false", "class": "w-m scan"}
        ),
        error_messages={"required": "Scan the serial on the label"},
    )
