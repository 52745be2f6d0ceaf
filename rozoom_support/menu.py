"""The main menu: which links an organisation sees, in which order, by which keys."""

from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse

from tenancy.actor import Actor
from tenancy.models import Kind


@dataclass(frozen=True)
class Entry:
    label: str
    route: str
    section: str  # what a page calls itself, so that its entry is marked as the current one
    key: str = ""
    capability: str = ""
    counts_held_mail: bool = False

    @property
    def url(self) -> str:
        return reverse(self.route)


class Menu(NamedTuple):
    """What stands in the bar, always or on a wide page only, and what stands under "More"."""

    first: list[Entry]
    others: list[Entry]
    more: list[Entry]

    @property
    def other_sections(self) -> set[str]:
        return {entry.section for entry in self.others}

    @property
    def more_sections(self) -> set[str]:
        return {entry.section for entry in self.more}


REPORT = Entry("Report a problem", "portal:new", "new", "c")
COMPONENTS = Entry("Components", "contracts:coverage", "coverage", "g c")
AGREEMENTS = Entry("Agreements", "contracts:agreements", "agreements", "g a")
RENEWALS = Entry("Renewals", "contracts:renewals", "renewals", "g w", "renewal:read")
REPORTS = Entry("Reports", "reports:report", "reports", "g d", "report:read")
QUEUE = Entry("Queue", "desk:queue", "queue", "g q")
RETURNS = Entry("Returns", "returns:list", "returns", "g b")
BOARD = Entry("Returns", "returns_desk:board", "returns", "g r")

MENUS: dict[str, Menu] = {
    Kind.CUSTOMER: Menu(
        [Entry("Home", "portal:home", "home", "g h"), Entry("My tickets", "portal:tickets", "tickets", "g t")],
        [REPORT, COMPONENTS, RETURNS],
        [AGREEMENTS, REPORTS],
    ),
    Kind.RESELLER: Menu([QUEUE, REPORT], [COMPONENTS, RETURNS, AGREEMENTS], [RENEWALS, REPORTS]),
    Kind.OPERATOR: Menu(
        [QUEUE, BOARD, Entry("Mail", "desk:mails", "mail", "g e", "mail:handle", counts_held_mail=True)],
        [COMPONENTS, AGREEMENTS, Entry("Parts pool", "pool:units", "pool", "g p", "pool:read")],
        [
            REPORT,
            RENEWALS,
            REPORTS,
            Entry("Duty", "sla:duty", "duty"),
            Entry("Administration", "admin:index", "admin"),
        ],
    ),
    Kind.SUPPLIER: Menu([Entry("Returns", "supplier:records", "supplier", "g r")], [], []),
}


def menu_of(actor: Actor | None, kind: str) -> Menu:
    """The menu of someone who works for an organisation of this kind, without what their role may not see."""

    def seen(entries: list[Entry]) -> list[Entry]:
        return [one for one in entries if not one.capability or (actor is not None and actor.can(one.capability))]

    return Menu(*(seen(entries) for entries in MENUS[kind]))
