"""Shapes of what the desk's pages send."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from rozoom_support.lib.ui.forms import Labelled
from tenancy.actor import Actor
from tenancy.models import Membership
from tickets.lifecycle import State, Turn

RADIOS_AT_MOST = 7  # a select only for more than that
STATES = {
    "": "All open",
    **{str(state): state.label for state in State},
    str(State.OPEN): "Open, in work",  # "Open" alone would read as all that have not ended
    "any": "Every state",
}


def version_field() -> forms.IntegerField:
    """The version of the ticket that the page showed."""
    return forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**62)


def choice_field(form: forms.Form, name: str) -> forms.ChoiceField:
    return cast(forms.ChoiceField, form.fields[name])


class QueueForm(forms.Form):
    """Filters of the queue. Choices hold what this reader may know and nothing else."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "data-key": "/", "data-key-name": "Search", "autocomplete": "off"}
        ),
    )
    customer = forms.CharField(
        label="Customer", required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    owner = forms.ChoiceField(label="Owner", required=False)
    state = forms.ChoiceField(label="State", required=False, choices=list(STATES.items()))
    turn = forms.ChoiceField(label="Turn", required=False, choices=[("", "Any"), *Turn.choices])
    severity = forms.MultipleChoiceField(
        label="Severity",
        required=False,
        choices=[("1", "1"), ("2", "2"), ("3", "3")],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, data: QueryDict, *, actor: Actor, people: list[Membership], customers: list[tuple[str, str]]
    ) -> None:
        super().__init__(data, auto_id="f_%s")
        others = ("resellers", "A reseller") if actor.is_operator else ("rozoom", "roZoom")
        colleagues = [(str(one.person_id), one.person_name) for one in people if one.person_id != actor.person_id]
        if data.get("view") == "ended":
            choice_field(self, "state").choices = [("", "All ended"), *list(STATES.items())[1:]]
        self.owners = [("", "Anyone"), ("me", "Me"), ("nobody", "Nobody"), others, *colleagues]
        choice_field(self, "owner").choices = self.owners
        self.customers = customers
        if customers:
            self.fields["customer"].widget.attrs["list"] = "customers"

    def owner_words(self, owner: str) -> str:
        return dict(self.owners)[owner]


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files as a list; tickets.files checks them."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        return [one for one in data or [] if one is not None]


class ComposeForm(forms.Form):
    """One message. `seen_at` is the newest public message the page showed; what is newer stops the sending."""

    text = forms.CharField(strip=False, error_messages={"required": "Write your text"})
    files = FilesField(label="Files", required=False)  # type: ignore[assignment]  # a field here, the uploads on the form
    seen_at = forms.DateTimeField(widget=forms.HiddenInput, required=False)
    form_token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits = settings.LIMITS
        size = limits["file_bytes"] // (1024 * 1024)
        self.fields["files"].help_text = f"Up to {limits['files_per_message']} files of {size} MB each."
        self.fields["files"].widget = SeveralFiles(
            attrs={"data-max-bytes": limits["file_bytes"], "data-max-files": limits["files_per_message"]}
        )

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].replace("\r\n", "\n")
        if not text.strip():
            raise forms.ValidationError("Write your text")
        limit = settings.LIMITS["message_bytes"]
        if len(text.encode()) > limit:
            raise forms.ValidationError(f"The text must be shorter than {limit // 1024} kB. Send the rest as a file.")
        return text


class AssignForm(forms.Form):
    assignee = forms.ChoiceField(
        label="Who works on it?",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a person from the list, or nobody"),
    )
    version = version_field()

    def __init__(self, *args: Any, people: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        few = len(people) < RADIOS_AT_MOST
        rows: list[tuple[str, Any]] = [
            (
                str(one.pk),
                Labelled(one.person_name, f"{one.organisation.name}, {one.role_label.lower()}")
                if few
                else f"{one.person_name}, {one.organisation.name}",
            )
            for one in people
        ]
        self.fields["assignee"].widget = forms.RadioSelect() if few else forms.Select()
        blank = [] if few else [("", "Choose a person")]
        choice_field(self, "assignee").choices = [*blank, *rows, ("nobody", "Nobody")]


class MoveForm(forms.Form):
    """A move that needs no words."""

    version = version_field()


class WaitForm(MoveForm):
    turn = forms.ChoiceField(
        label="Who has to act now?", widget=forms.RadioSelect, error_messages={"required": "Choose who has to act"}
    )

    def __init__(self, *args: Any, parties: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice_field(self, "turn").choices = parties


class ResolveForm(MoveForm):
    resolution = forms.CharField(
        label="What solved it?",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The customer reads this.",
        error_messages={"required": "Write in a sentence what solved it"},
    )


class WithdrawForm(MoveForm):
    reason = forms.CharField(
        label="Why is it not needed any more?",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The customer reads this.",
        error_messages={"required": "Say in a few words why"},
    )


class DecideForm(MoveForm):
    reason = forms.CharField(
        label="Why?",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The customer and its reseller read this.",
        error_messages={"required": "Say in a few words why", "max_length": "Shorten the reason to 400 characters"},
    )


class MergeForm(forms.Form):
    into = forms.CharField(
        label="Number of the ticket that goes on",
        max_length=24,
        widget=forms.TextInput(attrs={"class": "w-s", "autocomplete": "off"}),
        error_messages={"required": "Enter the number of the other ticket"},
    )
