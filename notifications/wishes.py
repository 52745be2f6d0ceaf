"""Which mails a person wants, and when: at once, once a day, or never. Behind the bell everything stands in any case.

What is essential is not asked: it is mailed at once, whatever somebody chose.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from tenancy.models import Person
from tenancy.preferences import CHOICES

NOW, DIGEST, NEVER = "now", "digest", "never"
WHEN_WORDS = {NOW: "At once", DIGEST: "Once a day", NEVER: "No mail"}
EVERYBODY = frozenset({"customer", "reseller", "operator"})
AT_DESK = frozenset({"reseller", "operator"})
SALT = "notices.stop"


@dataclass(frozen=True)
class Wish:
    """One kind of notice people choose about. `topics`: the events it is made of."""

    name: str
    words: str
    topics: frozenset[str]
    parties: frozenset[str] = EVERYBODY

    @property
    def key(self) -> str:
        return f"mail_{self.name}"


WISHES: dict[str, Wish] = {
    wish.name: wish
    for wish in (
        Wish("messages", "Somebody writes in a ticket of yours", frozenset({"message.added"})),
        Wish(
            "moves",
            "A ticket is solved, closed, opened again or merged",
            frozenset({"ticket.moved", "ticket.coverage"}),
        ),
        Wish("tickets", "A new ticket comes in", frozenset({"ticket.filed", "impact.answered"}), AT_DESK),
        Wish("assigned", "A ticket is given to you", frozenset({"ticket.assigned"}), AT_DESK),
        Wish(
            "returns",
            "A return waits for its approval",
            frozenset({"rma.requested", "rma.resumed"}),
            frozenset({"operator"}),
        ),
        Wish("reminders", "An agreement or a warranty ends soon", frozenset({"agreement.reminder", "warranty.ending"})),
    )
}
# Of no topic, and chosen by nobody: what the link in the daily mail stops.
DAILY = Wish("daily", "The daily mail", frozenset())
BY_TOPIC: dict[str, Wish] = {topic: wish for wish in WISHES.values() for topic in wish.topics}
# Named on the page, so that nobody wonders.
ESSENTIAL = (
    ("That we have your ticket, its number and what we promise", EVERYBODY),
    ("That a promise runs out or is late, when you are one of those who must act", AT_DESK),
    ("That your side is asked to agree to another severity, and how it ended", EVERYBODY),
    ("Orders, renewals and invoices", EVERYBODY),
    ("That a warranty is made void, and what becomes of an appeal", EVERYBODY),
    ("Your password, your second step at sign-in and invitations", EVERYBODY),
    ("That a webhook of your organisation was switched off", EVERYBODY),
)

_unknown = {wish.key for wish in WISHES.values()} ^ {name for name in CHOICES if name.startswith("mail_")}
if _unknown:
    raise RuntimeError(f"wishes and preferences differ: {sorted(_unknown)}")


def wish_of(topic: str, severity: int) -> Wish | None:
    """None: essential. A new ticket of severity 1 is a call for help, which nobody reads tomorrow."""
    if topic in {"ticket.filed", "impact.answered"} and severity == 1:
        return None
    return BY_TOPIC.get(topic)


def chosen_by(people: Collection[int], wish: Wish) -> Mapping[int, str]:
    """As the worker: what each of these people chose."""
    rows = Person.objects.filter(pk__in=people).values_list("pk", "preferences")
    return {pk: choice_in(preferences, wish) for pk, preferences in rows}


def choice_in(preferences: Mapping[str, object], wish: Wish) -> str:
    choice = preferences.get(wish.key)
    return choice if isinstance(choice, str) and choice in CHOICES[wish.key] else CHOICES[wish.key][0]


def in_daily_mail(preferences: Mapping[str, object]) -> list[str]:
    """The keys of all that this person chose to read once a day."""
    return [wish.key for wish in WISHES.values() if choice_in(preferences, wish) == DIGEST]


# --- stopping from within a mail --------------------------------------------------------------------------------------


def stop_url(person_id: int, wish: Wish) -> str:
    """Works without signing in, for ever: mails are kept for long, and it can do nothing but stop this kind of mail."""
    token = signing.dumps([person_id, wish.name], salt=SALT, compress=False)
    return settings.BASE_URL + reverse("notifications:stop", args=[token])


def read_stop(token: str) -> tuple[int, Wish] | None:
    try:
        person_id, name = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    wish = DAILY if name == DAILY.name else WISHES.get(name)
    return None if wish is None else (person_id, wish)
