"""Shape of what people send about themselves, their colleagues and their programs' keys."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password

from rozoom_support.lib.ui.forms import Labelled
from tenancy.capabilities import SCOPE_WORDS
from tenancy.models import ROLES_OF_KIND, Invitation, Person, Role
from tenancy.names import NOT_IN_A_NAME

Choices = list[tuple[str, Any]]
ROLE_HINTS: dict[str, str] = {
    Role.MEMBER: "Reports problems and answers",
    Role.CUSTOMER_ADMINISTRATOR: "Also invites people and makes tokens",
    Role.RESELLER_AGENT: "Works on tickets of your customers",
    Role.RESELLER_MANAGER: "Also assigns work, invites people and makes tokens",
    Role.CLERK: "Handles parts",
    Role.AGENT: "Answers and solves tickets",
    Role.COORDINATOR: "Also moves replacement parts",
    Role.FINANCE: "Reads tickets, keeps agreements and invoices",
    Role.DUTY_MANAGER: "Also keeps products, sites and teams, and is told of late answers",
    Role.ADMINISTRATOR: "Also invites people, makes tokens and decides who serves a customer",
}
CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
HOME = "home"
TOKEN_LIFE = {30: "30 days", 90: "90 days", 180: "180 days", 365: "1 year"}


def role_choices(kind: str) -> Choices:
    return [(str(role), Labelled(str(role.label), ROLE_HINTS[role])) for role in ROLES_OF_KIND[kind]]


def zone_choices(home: str) -> Choices:
    """By continent, with the city first; HOME follows the organisation."""
    groups: dict[str, list[tuple[str, str]]] = {continent: [] for continent in CONTINENTS}
    for zone in sorted(available_timezones()):
        continent, _, place = zone.partition("/")
        if place and continent in groups:
            groups[continent].append((zone, place.replace("_", " ").replace("/", ", ")))
    first: Choices = [(HOME, f"As my organisation: {home}"), ("UTC", "UTC")]
    return first + list(groups.items())


class NameField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Your name")
        kwargs.setdefault("error_messages", {"required": "Enter your name"})
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "name"}))
        super().__init__(max_length=120, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if NOT_IN_A_NAME.search(value):
            raise forms.ValidationError("Use letters only: no addresses and no special signs")


class EmailField(forms.EmailField):
    def __init__(self, **kwargs: Any) -> None:
        words = "Enter an e-mail address such as ana@example.com"
        super().__init__(
            label="E-mail address", max_length=254, error_messages={"required": words, "invalid": words}, **kwargs
        )


class InviteForm(forms.Form):
    email = EmailField()
    name = NameField(label="Name", required=False, help_text="They can change it.")
    role = forms.ChoiceField(
        label="Role", widget=forms.RadioSelect, error_messages={"required": "Choose what they may do"}
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = role_choices(kind)
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        self.fields["role"].initial = choices[0][0]


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label="Role", widget=forms.RadioSelect, error_messages={"required": "Choose what they may do"}
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = role_choices(kind)  # type: ignore[attr-defined]


class AcceptForm(forms.Form):
    name = NameField()
    password = forms.CharField(
        label="Choose a password",
        strip=False,
        help_text="At least 12 characters. A sentence is easier to remember than a puzzle. Pasting is fine.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password"},
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation
        self.fields["name"].initial = invitation.name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            person = Person(email=self.invitation.email, name=data.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return data


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What is it for?",
        max_length=80,
        help_text="Such as: Monitoring, plant 2.",
        error_messages={"required": "Say what the token is for"},
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing the token may do"},
    )
    expires_in = forms.TypedChoiceField(
        label="How long does it work?",
        coerce=int,
        initial=90,
        widget=forms.RadioSelect(attrs={"class": "choices-row"}),
        error_messages={"required": "Choose how long the token works"},
    )

    def __init__(self, *args: Any, scopes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope, SCOPE_WORDS[scope]) for scope in scopes]  # type: ignore[attr-defined]
        longest = settings.LIMITS["token_days"]
        lives = [(days, words) for days, words in TOKEN_LIFE.items() if days <= longest]
        self.fields["expires_in"].choices = lives  # type: ignore[attr-defined]


class NameForm(forms.Form):
    name = NameField(help_text="Others see it beside what you write from now on.")


class ZoneForm(forms.Form):
    time_zone = forms.ChoiceField(
        label="Show times in",
        error_messages={"required": "Choose a zone from the list", "invalid_choice": "Choose a zone from the list"},
    )

    def __init__(self, *args: Any, home: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices(home)  # type: ignore[attr-defined]

    def clean_time_zone(self) -> str:
        chosen = self.cleaned_data["time_zone"]
        return "" if chosen == HOME else chosen


class PickForm(forms.Form):
    """One radio group. Its name and choices are what the subclass says."""


class ThemeForm(PickForm):
    theme = forms.ChoiceField(
        label="Theme",
        widget=forms.RadioSelect(attrs={"class": "choices-row"}),
        choices=[("system", "As the system"), ("light", "Light"), ("dark", "Dark")],
    )


class ClockUpdatesForm(PickForm):
    clock_updates = forms.ChoiceField(
        label="Time left on clocks",
        widget=forms.RadioSelect,
        choices=[
            ("second", Labelled("Every second", "The last minutes count down in seconds")),
            ("minute", Labelled("Every minute", "Less movement on the page")),
            ("fixed", Labelled("Fixed", "As of the moment the page was opened")),
        ],
    )


class DensityForm(PickForm):
    density = forms.ChoiceField(
        label="Rows in lists",
        widget=forms.RadioSelect(attrs={"class": "choices-row"}),
        choices=[("comfortable", "Comfortable"), ("compact", "Compact")],
    )


class KeysForm(PickForm):
    keys = forms.TypedChoiceField(
        label="Keyboard shortcuts",
        coerce=lambda value: value == "on",
        widget=forms.RadioSelect(attrs={"class": "choices-row"}),
        choices=[("on", "On"), ("off", "Off")],
        help_text="Letters such as j, k and r move through the desk. Press ? there for all of them.",
    )
