"""Shape of what administrators say about a webhook."""

from typing import Any

from django import forms

from notifications.webhooks.events import GROUPS, Kind, kinds_for
from notifications.webhooks.wall import LONGEST_URL
from rozoom_support.lib.ui.forms import Labelled

WHOLE = "all of "  # before the name of a group
MANY = 3


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="Address of your program",
        max_length=LONGEST_URL,
        help_text="Such as https://example.com/hooks/rozoom. It must be reachable from the internet, with a certificate "
        "that browsers trust.",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the address of your program"},
    )
    description = forms.CharField(
        label="What is it?", max_length=120, required=False, help_text="Such as: Maintenance system, plant 2."
    )
    events = forms.MultipleChoiceField(
        label="What should it be told?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one thing to be told",
            "invalid_choice": "Choose from the list",
        },
    )

    def __init__(self, *args: Any, party: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds_for(party)
        self.fields["events"].choices = event_choices(self.kinds)  # type: ignore[attr-defined]

    def clean_events(self) -> list[str]:
        """A whole group stands for the kinds it has now; one that comes later is chosen by whoever wants it."""
        chosen = set(self.cleaned_data["events"])
        return [one.name for one in self.kinds if {one.name, WHOLE + GROUPS[one.group]} & chosen]


def event_choices(kinds: list[Kind]) -> list[tuple[str, list[tuple[str, Labelled]]]]:
    """By group, in the order of the table; a group of many can be chosen as a whole."""
    groups: dict[str, list[tuple[str, Labelled]]] = {}
    for kind in kinds:
        groups.setdefault(GROUPS[kind.group], []).append((kind.name, Labelled(kind.words, kind.name)))
    for name, choices in groups.items():
        if len(choices) >= MANY:
            choices.insert(0, (WHOLE + name, Labelled(f"All of these: {name}", f"{len(choices)} kinds of event")))
    return list(groups.items())
