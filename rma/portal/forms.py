"""Shape of what customers and resellers say about returns."""

from collections.abc import Sequence
from typing import Any

from django import forms

from contracts.models import Component, Site
from rma.models import RepairQuote, Rma
from rma.states import Media, Missing, RmaKind, RmaState
from rozoom_support.lib.ui.forms import Labelled

SITE_RADIOS = 7
MOST_COMPONENTS = 100
Choices = list[tuple[str, Any]]

TERMS = "I accept the return terms"
TERMS_HINT = (
    "The failed part leaves within 10 business days after the replacement arrived. We pay the way back: the label lies in the "
    "box. A part that did not leave 30 days after the arrival is charged at its list price, and credited when it comes back."
)
MEDIA_CHOICES: Choices = [
    (Media.WIPED, Labelled("Wiped", "We wipe the data before the part leaves us")),
    (Media.RETAINED, Labelled("It stays with us", "Data must not leave: we send a certificate of destruction instead")),
    (Media.NONE, Labelled("No data on it", "The part was never in use, or holds nothing of ours")),
]


def line(label: str, *, length: int, required: str = "", **options: Any) -> forms.CharField:
    messages = {"required": required, "max_length": f"Use at most {length} characters"}
    options.setdefault("widget", forms.TextInput(attrs={"class": "w-m", "autocomplete": "off"}))
    return forms.CharField(label=label, max_length=length, required=bool(required), error_messages=messages, **options)


def text(label: str, *, required: str = "", length: int = 400, **options: Any) -> forms.CharField:
    return line(label, length=length, required=required, widget=forms.Textarea(attrs={"rows": 3}), **options)


def media_field(kind: str) -> forms.ChoiceField:
    """A part that must stay is not repaired in the factory."""
    choices = [one for one in MEDIA_CHOICES if kind != RmaKind.FACTORY or one[0] != Media.RETAINED]
    return forms.ChoiceField(
        label="What becomes of the data on it?",
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what becomes of the data on the part"},
    )


def site_field(sites: Sequence[Site], label: str) -> forms.ChoiceField:
    choices: Choices = [
        (str(one.pk), Labelled(one.name, " ".join(one.address.split()) or one.time_zone)) for one in sites
    ]
    widget = forms.RadioSelect() if len(choices) <= SITE_RADIOS else forms.Select(attrs={"class": "w-m"})
    missing = "Choose a site from the list"
    return forms.ChoiceField(
        label=label, choices=choices, widget=widget, error_messages={"required": missing, "invalid_choice": missing}
    )


class PartForm(forms.Form):
    """Which part failed: one of the list, or the serial on its label."""

    component = forms.ChoiceField(
        label="Which part failed?",
        widget=forms.RadioSelect,
        required=False,
        error_messages={
            "required": "Choose the part that failed, or type its serial",
            "invalid_choice": "We do not know this component. Choose one from the list",
        },
    )
    serial = line(
        "Not in the list? Type the serial on its label",
        length=80,
        help_text="Capitals, spaces and dashes do not matter.",
        widget=forms.TextInput(attrs={"class": "w-m", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, components: Sequence[Component], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_key = {str(one.pk): one for one in components}
        field: Any = self.fields["component"]
        field.required = not self.data.get("serial")
        shown = list(self.by_key.items())
        if not shown:
            del self.fields["component"]
            return
        if len(shown) > SITE_RADIOS:
            field.widget = forms.Select(attrs={"class": "w-m"})
        labels: Choices = [
            (key, Labelled(f"{one.product.name}, {one.serial}", ", ".join(filter(None, (one.location, one.site.name)))))
            for key, one in shown
        ]
        field.choices = labels if len(shown) <= SITE_RADIOS else [("", "Choose a component"), *labels]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("component") and not cleaned.get("serial"):
            first = "component" if "component" in self.fields else "serial"
            self.add_error(first, "Choose the part that failed, or type its serial")
        return cleaned

    def chosen(self) -> Component | None:
        return self.by_key.get(self.cleaned_data.get("component", ""))


ORDER = ("kind", "symptom", "ship_to", "contact_name", "contact_phone", "media", "agreement_from", "accepts_terms")


class RequestForm(forms.Form):
    """Where to, who is there, what becomes of the data. Its fields depend on what can be had."""

    kind = forms.ChoiceField(
        label="What do you want?",
        choices=[
            (RmaKind.ADVANCE, Labelled("A replacement first", "We send it, then you send the failed part back")),
            (RmaKind.FACTORY, Labelled("A repair", "You send the part to the factory and get it back")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a replacement or a repair"},
    )
    symptom = text("What is wrong with it?", required="Say in a few words what is wrong with it")
    ship_to = forms.ChoiceField()
    contact_name = line("Who takes the box?", length=120, required="Enter who takes the box at that place")
    contact_phone = line("Phone there", length=40)
    agreement_from = line(
        "Is an agreement missing here? Who sold it to you?",
        length=120,
        help_text="Name the reseller. It confirms its agreement to us, and we look again.",
    )
    accepts_terms = forms.BooleanField(
        label=TERMS, help_text=TERMS_HINT, error_messages={"required": "Accept the return terms to go on"}
    )

    def __init__(
        self, *args: Any, sites: Sequence[Site], gives: str, has_media: bool, asks_agreement: bool, **kwargs: Any
    ) -> None:
        """`gives`: the kind of return that the rules give now; ADVANCE leaves the choice of a repair."""
        super().__init__(*args, **kwargs)
        self.sites = {str(one.pk): one for one in sites}
        is_advance = gives == RmaKind.ADVANCE
        self.fields["ship_to"] = site_field(sites, "Where to?" if is_advance else "Where does it come back to?")
        self.fields["media"] = media_field(gives)
        drop = [
            *([] if is_advance else ["kind", "accepts_terms"]),
            *([] if has_media else ["media"]),
            *([] if asks_agreement else ["agreement_from"]),
        ]
        for name in drop:
            del self.fields[name]
        self.order_fields(ORDER)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == RmaKind.FACTORY:
            self.errors.pop("accepts_terms", None)  # nothing is sent first, so nothing is owed
            if cleaned.get("media") == Media.RETAINED:
                self.add_error("media", "A part that stays with you can not be repaired in the factory")
        return cleaned


class SupplyForm(forms.Form):
    """One field for each missing thing that this reader can supply."""

    def __init__(
        self, *args: Any, rma: Rma, sites: Sequence[Site], may_confirm: bool, is_reseller: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sites = {str(one.pk): one for one in sites}
        missing, fields = set(rma.missing), self.fields
        if Missing.SERIAL in missing:
            fields["serial"] = line(
                "Serial on the label",
                length=80,
                help_text="Was it typed wrongly? Type it again. Is it right? Send us proof of purchase in the ticket.",
                required="Type the serial on the label",
            )
        if Missing.SHIP_TO in missing:
            fields["ship_to"] = site_field(sites, "Where does the part stand?")
            if may_confirm:
                fields["confirms_ship_to"] = forms.BooleanField(
                    label="I confirm that the part stands there", required=False
                )
        if Missing.AGREEMENT in missing and is_reseller:
            fields["agreement_is_known"] = forms.BooleanField(
                label=f"{rma.unconfirmed_agreement} sold this agreement, and the order is with roZoom",
                error_messages={"required": "Confirm the agreement, or write in the ticket why not"},
            )
        if Missing.MEDIA in missing:
            fields["media"] = media_field(rma.kind)
        if Missing.TERMS in missing:
            fields["accepts_terms"] = forms.BooleanField(
                label=TERMS, help_text=TERMS_HINT, error_messages={"required": "Accept the return terms to go on"}
            )


class SentForm(forms.Form):
    carrier = line("Carrier", length=40, help_text="Such as UPS or DHL.")
    tracking_number = line("Tracking number", length=60, help_text="It stands on the carrier's label or receipt.")

    def __init__(self, *args: Any, has_label: bool, **kwargs: Any) -> None:
        """With a label of ours both may stay empty: we know its number."""
        super().__init__(*args, **kwargs)
        if has_label:
            self.fields["carrier"].help_text = "Only when you used another label than ours."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        carrier, number = cleaned.get("carrier", ""), cleaned.get("tracking_number", "")
        if carrier and not number:
            self.add_error("tracking_number", "Enter the tracking number too")
        if number and not carrier:
            self.add_error("carrier", "Enter the carrier too")
        return cleaned


class ConfirmForm(forms.Form):
    """Nothing to type: the page says what will happen."""


class ReasonForm(forms.Form):
    reason = text("Why is it not needed any more?", required="Say in a few words why it is not needed any more")


class QuoteForm(forms.Form):
    """Accept with a purchase order, or decline. What is on its way to us can also be scrapped at the factory."""

    answer = forms.ChoiceField(
        label="What do you decide?", widget=forms.RadioSelect, error_messages={"required": "Choose: accept or decline"}
    )
    purchase_order = line(
        "Your purchase order number", length=80, help_text="Only when you accept. It stands on the invoice."
    )

    def __init__(
        self, *args: Any, rma: Rma, quote: RepairQuote, total: str, fee: str, asks_media: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["answer"]
        field.choices = [
            ("accept", Labelled(f"Accept, {total}", "The repair is made and invoiced when the part is back"))
        ]
        if rma.state == RmaState.COST_HOLD:
            charged = f"You pay {fee} for the evaluation" if quote.evaluation_fee else "It costs nothing"
            field.choices += [
                ("decline", Labelled("Decline, send it back as it is", charged)),
                ("scrap", Labelled("Decline, scrap it", f"The factory destroys it. {charged}")),
            ]
        else:
            field.choices += [("decline", Labelled("Decline", "The return ends. Nothing is charged"))]
        if asks_media:
            self.fields["media"] = media_field(rma.kind)
            self.fields["media"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == "accept":
            if not cleaned.get("purchase_order"):
                self.add_error("purchase_order", "Enter your purchase order number")
            if "media" in self.fields and not cleaned.get("media"):
                self.add_error("media", "Choose what becomes of the data on the part")
        return cleaned
