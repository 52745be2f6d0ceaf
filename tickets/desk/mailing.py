"""What the mail pages of the desk draw."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation
from tickets import queries
from tickets.desk.facts import Line
from tickets.mail.queries import COUNTED
from tickets.mail.reading.html import safe
from tickets.models import IncomingMail, Ticket

VIEW_WORDS = {
    "held": "Held",
    "ignored": "Ignored",
    "bounces": "Not delivered",
    "rejected": "Too large",
    "dropped": "Dropped",
    "filed": "Filed",
    "waiting": "Being read",
}
COUNTED_VIEWS = ("held", "bounces", "rejected", "waiting")
EMPTY = {
    "held": ("Nothing is held", "Mail we can not place or do not believe waits here for a person."),
    "ignored": ("Nothing was ignored", "Automatic answers, our own mail and the same mail twice stand here."),
    "bounces": ("Every mail arrived", "Reports of other mail servers that a mail of ours did not arrive stand here."),
    "rejected": ("Nothing was too large", "Mail above the limit stands here with its beginning."),
    "dropped": ("Nothing was dropped", "What somebody dropped can be released from here while it is kept."),
    "filed": ("No mail was filed yet", "Mail that became a ticket or a message stands here."),
    "waiting": ("Nothing waits", "Mail is read within seconds after it came."),
}
DOORS = {"smtp": "by SMTP", "lmtp": "by LMTP", "imap": "from the mailbox", "command": "by the command receive_mail"}


class ReleaseForm(forms.Form):
    """Into a ticket, or a new one of a customer. The two meet in `clean`: what the desk finds is in `ticket` and `owner`."""

    into = forms.CharField(
        label="Number of the ticket it belongs to",
        required=False,
        max_length=24,
        help_text="Leave it empty for a new ticket.",
        widget=forms.TextInput(attrs={"class": "w-s", "autocomplete": "off"}),
    )
    customer = forms.CharField(
        label="Customer of a new ticket",
        required=False,
        max_length=120,
        help_text="Its code or its name.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "customers"}),
    )
    written_by = forms.CharField(
        label="Counts as written by",
        max_length=320,
        help_text="The address of one of the customer's people, or the sender.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
        error_messages={"required": "Enter the address of whoever wrote it"},
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.ticket: Ticket | None = None
        self.owner: Organisation | None = None

    def clean_into(self) -> str:
        typed: str = self.cleaned_data["into"].strip()
        if typed:
            try:
                self.ticket = queries.ticket_for(self.actor, typed)
            except NotFound:
                raise forms.ValidationError("No ticket has this number. Check it, or leave it empty") from None
        return typed

    def clean_customer(self) -> str:
        typed: str = self.cleaned_data["customer"].strip()
        if typed:
            customers = Organisation.objects.select_related("reseller").filter(kind=Kind.CUSTOMER, is_active=True)
            found = list(customers.filter(code__iexact=typed)[:1] or customers.filter(name__icontains=typed)[:2])
            if len(found) != 1:
                words = (
                    "Several customers are called so. Enter the code"
                    if found
                    else "No customer has this code or name. Choose one from the list"
                )
                raise forms.ValidationError(words)
            self.owner = found[0]
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and self.ticket is None and self.owner is None:
            self.add_error("customer", "Choose the customer, or enter the number of a ticket above")
        return cleaned


@dataclass(frozen=True)
class Row:
    pk: int
    url: str
    name: str
    address: str
    subject: str
    reason: str
    received_at: Any
    reference: str


def row_of(mail: IncomingMail) -> Row:
    return Row(
        pk=mail.pk,
        url=reverse("desk:mail", args=[mail.pk]),
        name=mail.sender_name if mail.sender_name.lower() != mail.sender else "",
        address=mail.sender or mail.envelope_from or "No sender",
        subject=mail.subject or "Without a subject",
        reason=mail.reason,
        received_at=mail.received_at,
        reference=mail.ticket.reference if mail.ticket is not None else "",
    )


def sender_words(mail: IncomingMail) -> str:
    """The address always: the name beside it is whatever the sender typed."""
    address = mail.sender or mail.envelope_from or "No sender"
    return f"{mail.sender_name} <{address}>" if mail.sender_name and mail.sender_name.lower() != address else address


def tabs(numbers: dict[str, int], current: str) -> list[dict[str, Any]]:
    return [
        {
            "label": words,
            "url": f"{reverse('desk:mails')}?view={view}",
            "count": _shown(numbers[view]) if view in COUNTED_VIEWS and numbers[view] else None,
            "current": view == current,
        }
        for view, words in VIEW_WORDS.items()
    ]


def _shown(number: int) -> str:
    return f"{COUNTED}+" if number > COUNTED else str(number)


def facts(mail: IncomingMail) -> list[Line]:
    found = [
        Line("From", sender_words(mail)),
        Line("Proved by", ", ".join(mail.found.get("proof", [])).upper() or "Nothing"),
        Line(
            "To",
            ", ".join(hidden(one) for one in (mail.envelope_to or mail.found.get("receivers", []))[:5]) or "Not said",
        ),
        Line("Came", DOORS[mail.door]),
    ]
    if mail.envelope_from is not None and mail.envelope_from != mail.sender:
        found.insert(1, Line("Envelope", mail.envelope_from or "No sender: a mail system's"))
    if mail.decided_by:
        found.append(Line("Decided by", mail.decided_by))
    return found


def hidden(address: str) -> str:
    """Reply addresses hold a secret, which nobody needs to see."""
    local, _, host = settings.SUPPORT_ADDRESS.rpartition("@")
    name, _, at = address.rpartition("@")
    return f"{local}+…@{host}" if at == host and name.startswith(f"{local}+") else address


def as_html(mail: IncomingMail) -> SafeString:
    """Cleaned when it was read, and once more here."""
    return mark_safe(safe(str(mail.found.get("html", ""))))  # noqa: S308 - nh3 has just cleaned it
