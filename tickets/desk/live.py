"""What changed since a page was drawn. The poll never re-orders: it updates in place and counts the rest."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from tenancy.actor import Actor
from tickets import queries
from tickets.desk.listing import Listing, for_rows
from tickets.models import Ticket

SHOWN_CAP = 200


@dataclass(frozen=True)
class News:
    """`changed`: shown rows to draw anew where they stand. `waiting`: changes that only a refresh shows.
    `shown`: what the page shows after this answer, in its own order."""

    changed: list[Ticket]
    waiting: int
    shown: str


def shown_before(words: str) -> dict[str, int]:
    """ "ACME-42.3 ACME-9.1" as {reference: revision}, in the order of the page; what does not read so is left out."""
    parts = (word.rpartition(".") for word in words.split()[:SHOWN_CAP])
    return {reference: int(revision) for reference, _, revision in parts if reference and revision.isdecimal()}


def compare(actor: Actor, before: dict[str, int], now: Listing) -> News:
    fresh = {ticket.reference: ticket for ticket in now.tickets}
    gone = [reference for reference in before if reference not in fresh]
    known = fresh | _by_reference(actor, gone)
    after = before | {ref: queries.revision(actor, ticket) for ref, ticket in known.items() if ref in before}
    changed = [known[ref] for ref, revision in before.items() if after[ref] != revision]
    shown = " ".join(f"{ref}.{revision}" for ref, revision in after.items())
    return News(changed, changes_waiting(list(before), list(fresh)), shown)


def _by_reference(actor: Actor, references: Sequence[str]) -> dict[str, Ticket]:
    if not references:
        return {}
    found = for_rows(queries.visible_tickets(actor).filter(reference__in=references))
    return {ticket.reference: ticket for ticket in found}


def changes_waiting(before: list[str], after: list[str]) -> int:
    """How many tickets came, left or moved. One that pushes another off the page is one change."""
    came = [reference for reference in after if reference not in set(before)]
    left = [reference for reference in before if reference not in set(after)]
    return max(len(came), len(left)) + moved(before, after)


def moved(before: list[str], after: list[str]) -> int:
    """The fewest tickets that must move to turn one order into the other, among those in both."""
    place = {reference: index for index, reference in enumerate(after)}
    tails: list[int] = []
    common = [place[reference] for reference in before if reference in place]
    for index in common:
        at = bisect_left(tails, index)
        tails[at : at + 1] = [index]
    return len(common) - len(tails)
