"""Who stands behind the recipients of a level. The people of a ticket are known above; there it is said (tickets.emails)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Case:
    """A ticket that nobody has taken yet. Without a reseller its customer buys from roZoom itself."""

    team_id: int | None = None
    reseller_id: int | None = None


# (case, recipients, when): the names of those who would be told.
Resolver = Callable[[Case, Sequence[str], datetime], list[str]]
_resolvers: list[Resolver] = []


def resolves(resolver: Resolver) -> Resolver:
    _resolvers.append(resolver)
    return resolver


def reached(case: Case, recipients: Sequence[str], at: datetime) -> list[str]:
    """Each name once, in the order in which they are told."""
    return list(dict.fromkeys(name for resolver in _resolvers for name in resolver(case, recipients, at)))
