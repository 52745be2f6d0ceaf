"""Shape of what customers send. Fields of a report share one flat name space, because a draft keeps them together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings

from contracts.models import Component, Product, Site
from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.ui.forms import Labelled
from tenancy.models import Organisation
from tickets.models import ServiceKind
from tickets.severity import Impact

UNKNOWN = "unknown"
Choice = tuple[str, str | Labelled]
MESSAGE_BYTES = settings.LIMITS["message_bytes"]
SITE_RADIOS = 7

KIND_CHOICES: list[Choice] = [
    (ServiceKind.PROBLEM, Labelled("Find the cause", "Something fails and nobody knows why yet")),
    (ServiceKind.DIAGNOSIS, Labelled("Help me check the system", "Troubleshooting and diagnosis together with you")),
    (ServiceKind.HARDWARE, Labelled("A part is broken", "Hardware: repair or replace it")),
    (ServiceKind.SOFTWARE, Labelled("The software misbehaves", "A fix, a patch or an upgrade")),
]
KIND_OF_PRODUCT: dict[str, str] = {
    Product.Kind.HARDWARE: ServiceKind.HARDWARE,
    Product.Kind.SOFTWARE: ServiceKind.SOFTWARE,
}


class Files(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.Field):
    """Any number of uploads as a list. What is in them is checked by tickets.files, one by one, by the view."""

    def __init__(self, **kwargs: Any) -> None:
        limits = settings.LIMITS
        most, large = limits["files_per_message"], limits["file_bytes"]
        kwargs.setdefault("label", "Files")
        kwargs.setdefault(
            "help_text", f"Pictures, logs, anything that helps. Up to {most} files of {large >> 20} MB each."
        )
        widget = Files(attrs={"data-max-bytes": large, "data-max-files": most})
        super().__init__(required=False, widget=widget, **kwargs)


class Pick(forms.Form):
    """One radio from a list that may be longer than what is shown: checked by looking it up, not against the list."""

    field_name: str
    parse: Callable[[str], Any] = UUID

    def __init__(self, *args: Any, find: Callable[[Any], Any], choices: Iterable[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.find = find
        self.fields[self.field_name].widget.choices = list(choices)  # type: ignore[attr-defined]

    def found(self, value: str, words: str) -> Any:
        """The row behind a choice; None for "I do not know"."""
        if value == UNKNOWN:
            return None
        try:
            return self.find(self.parse(value))
        except (ValueError, NotFound) as error:
            raise forms.ValidationError(words) from error


class CustomerForm(Pick):
    """Desk only: for whom. The value is the customer's code, which people say on the phone."""

    field_name = "customer"
    parse = staticmethod(str)
    customer = forms.CharField(
        label="Which customer is this for?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the customer this report is for"},
    )

    def clean_customer(self) -> Organisation:
        found: Organisation = self.found(self.cleaned_data["customer"], "Choose a customer from the list")
        return found


class ComponentForm(Pick):
    """A radio, or a serial typed from the label: then `cleaned_data["component"]` is the component it names. A serial that
    nobody knows goes with "I do not know"."""

    field_name = "component"
    component = forms.CharField(label="Which component is failing?", widget=forms.RadioSelect, required=False)
    serial = forms.CharField(
        label="Not in the list? Type its serial",
        help_text="It stands on the label. Capitals, spaces and dashes do not matter.",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"class": "w-m", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": "A serial has at most 80 characters"},
    )

    def __init__(
        self,
        *args: Any,
        find_serial: Callable[[str], Component | None],
        near: Callable[[str], list[Component]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.find_serial, self.near = find_serial, near
        self.suggested: list[Component] = []

    def clean_component(self) -> Component | None:
        value = self.cleaned_data["component"]
        if not value:
            return None
        return self.found(value, "We do not know this component. Choose one from the list")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        serial, picked = cleaned.get("serial", ""), self.data.get("component", "")
        if serial:
            self._name(serial, picked)
        elif not picked and not self.errors:
            self.add_error("component", "Choose which component is failing, or “I do not know”")
        return cleaned

    def _name(self, serial: str, picked: str) -> None:
        named = self.find_serial(serial)
        chosen = self.cleaned_data.get("component")
        if named is None and picked != UNKNOWN:
            self.suggested = self.near(serial)
            self.add_error("serial", _unknown_serial(serial, self.suggested))
        elif named is not None and chosen is not None and named.pk != chosen.pk:
            words = "This is the serial of another component than the one you chose. Keep one of the two"
            self.add_error("serial", words)
        elif named is not None:
            self.cleaned_data["component"] = named


def _unknown_serial(serial: str, suggested: Sequence[Component]) -> str:
    if suggested:
        names = " or ".join(one.serial for one in suggested)
        return f"We do not know serial {serial}. Did you mean {names}? Choose it above, or check the label"
    return f"We do not know serial {serial}. Check the label, or choose “I do not know”: we will find it"


class SiteForm(Pick):
    field_name = "site"
    site = forms.CharField(
        label="Where is it?", widget=forms.RadioSelect, error_messages={"required": "Choose where it is"}
    )
    site_contact = forms.CharField(
        label="Who can we reach there?",
        help_text="A name and a phone number that someone answers now.",
        required=False,
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": "Shorten the contact to 160 characters"},
    )
    access_hours = forms.CharField(
        label="When can someone come in?",
        help_text="For example: at any hour, ring at gate 3.",
        required=False,
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"max_length": "Shorten the access hours to 160 characters"},
    )

    def __init__(self, *args: Any, choices: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(*args, choices=choices, **kwargs)
        if len(choices) > SITE_RADIOS + 1:
            self.fields["site"].widget = forms.Select(choices=[("", "Choose a site"), *choices])

    def clean_site(self) -> Site | None:
        return self.found(self.cleaned_data["site"], "We do not know this site. Choose one from the list")


def radios(label: str, missing: str, choices: list[Choice], help_text: str = "", in_a_row: bool = False) -> Any:
    return forms.ChoiceField(
        label=label,
        help_text=help_text,
        choices=choices,
        widget=forms.RadioSelect(attrs={"class": "choices-row"} if in_a_row else {}),
        error_messages={"required": missing, "invalid_choice": missing},
    )


class ImpactForm(forms.Form):
    """The four questions that decide the severity, in words of the person in front of the machine."""

    service = radios(
        "How much does not work?",
        "Choose how much does not work",
        [
            ("complete", Labelled("Everything", "Complete loss of service")),
            ("severe", Labelled("A large part", "Severe loss of service")),
            ("minor", Labelled("Little or nothing", "Minor or no loss, an inconvenience")),
        ],
    )
    workaround = radios(
        "Is there a workaround you can live with?",
        "Choose whether there is a workaround",
        [("yes", "Yes"), ("no", "No"), (UNKNOWN, "I do not know")],
        "Something that keeps the work going until this is fixed.",
        in_a_row=True,
    )
    business = radios(
        "Can the business go on?",
        "Choose whether the business can go on",
        [
            ("normal", "Yes, as usual"),
            ("degraded", Labelled("Yes, but less of it", "Slower, restricted, or by hand")),
            ("stopped", "No, it has stopped"),
        ],
    )
    mission_critical = radios(
        "Is this operation mission critical?",
        "Choose whether the operation is mission critical",
        [("yes", "Yes"), ("no", "No")],
        "Without it, your organisation can not do what it is there for.",
        in_a_row=True,
    )

    def impact(self) -> Impact:
        data = self.cleaned_data
        return Impact(data["service"], data["workaround"], data["business"], data["mission_critical"] == "yes")


def within_bytes(text: str) -> str:
    if len(text.encode()) > MESSAGE_BYTES:
        raise forms.ValidationError(
            f"Shorten the text to {MESSAGE_BYTES // 1024} KB, about 30 pages, or send it as a file"
        )
    return text


class ProblemForm(forms.Form):
    subject = forms.CharField(
        label="What happens, in one line",
        help_text="For example: Lift 2 stands still between floors.",
        max_length=settings.LIMITS["subject_chars"],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Say in one line what happens",
            "max_length": f"Shorten the line to {settings.LIMITS['subject_chars']} characters",
        },
    )
    description = forms.CharField(
        label="What happened?",
        help_text="What did you see? When did it start? What changed before?",
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={"required": "Describe what happened"},
    )
    error_code = forms.CharField(
        label="Error code",
        help_text="What the display or the log shows.",
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"class": "w-m", "autocomplete": "off"}),
        error_messages={"max_length": "Shorten the error code to 80 characters"},
    )
    service_kind = radios("What do you need from us?", "Choose what you need from us", KIND_CHOICES)
    files = FilesField()  # type: ignore[assignment]  # a field, not the uploads

    def clean_description(self) -> str:
        return within_bytes(self.cleaned_data["description"])


class CheckForm(forms.Form):
    severity_doubt = forms.CharField(
        label="What did we miss?",
        help_text="Your report is filed at once. We settle the severity with you.",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "Shorten this to 2000 characters"},
    )


class ReplyForm(forms.Form):
    text = forms.CharField(widget=forms.Textarea, error_messages={"required": "Write your reply"})
    files = FilesField(help_text="")  # type: ignore[assignment]

    def clean_text(self) -> str:
        return within_bytes(self.cleaned_data["text"])


class MoveForm(forms.Form):
    """`reason` is asked where the move needs or welcomes one."""

    reason = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "Shorten this to 2000 characters"},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, label: str = "", missing: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.label, reason.required = label, bool(missing)
        reason.error_messages["required"] = missing
        if not label:
            del self.fields["reason"]


class FilterForm(forms.Form):
    """What narrows the list of tickets. A value nobody could have chosen counts as none."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.SearchInput)
    site = forms.ChoiceField(label="Site", required=False)
    component = forms.ChoiceField(label="Component", required=False)
    severity = forms.ChoiceField(
        label="Severity",
        required=False,
        choices=[("", "Any"), ("1", "Severity 1"), ("2", "Severity 2"), ("3", "Severity 3")],
    )

    def __init__(self, *args: Any, sites: Sequence[Choice], components: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = [("", "Any"), *sites]  # type: ignore[attr-defined]
        self.fields["component"].choices = [("", "Any"), *components]  # type: ignore[attr-defined]
