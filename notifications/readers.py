"""Who gets a mail: people of one organisation, found by it. Row security shows a worker everybody, so each look-up names whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tenancy.models import Membership
from tenancy.preferences import preferences_of


@dataclass(frozen=True)
class Reader:
    """Somebody who gets a mail, as a member of the organisation that makes it their business."""

    person_id: int
    name: str
    email: str
    party: str  # customer, reseller or operator
    organisation_id: int
    zone: str


def members(**which: Any) -> list[Reader]:
    """Those with access now, by name."""
    found = Membership.objects.select_related("organisation", "person").filter(
        is_active=True, person__is_active=True, organisation__is_active=True, **which
    )
    return [reader_of(membership) for membership in found.order_by("person_name", "pk")]


def without(readers: Iterable[Reader], person_id: int | None) -> list[Reader]:
    """Each once in each organisation, and never whoever did it."""
    found = {
        (reader.email.lower(), reader.organisation_id): reader
        for reader in reversed(list(readers))
        if reader.person_id != person_id
    }
    return list(reversed(found.values()))


def reader_of(membership: Membership) -> Reader:
    return Reader(
        person_id=membership.person_id,
        name=membership.person_name,
        email=membership.person_email,
        party=membership.organisation.kind.lower(),
        organisation_id=membership.organisation_id,
        zone=preferences_of(membership.person, membership)["time_zone"],
    )
