"""What people set for themselves, in every organisation alike. Runs as the login role, which owns people."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.actor import Actor
from tenancy.context import as_login_role
from tenancy.models import Membership, Person
from tenancy.names import clean_name
from tenancy.preferences import CHOICES, DIGEST_HOURS, ZONES
from tenancy.services._common import record


class CannotSet(Refused):
    code = "cannot_set"
    status = 422


@transaction.atomic
def set_preferences(*, person: Person, changes: Mapping[str, Any]) -> Person:
    """Keys as in tenancy.preferences; the others stay as they are. An empty time zone follows the organisation's."""
    for name, value in changes.items():
        if not _is_known(name, value):
            raise CannotSet("Choose one of the values on the page.", param=name)
    with as_login_role():
        person = Person.objects.select_for_update().get(pk=person.pk)
        person.preferences = {**person.preferences, **changes}
        person.save(update_fields=["preferences"])
    return person


@transaction.atomic
def rename(*, person: Person, name: str, now: datetime) -> Person:
    """The name others see from now on. What was written keeps the name it was written under."""
    name = clean_name(name)
    if not name:
        raise CannotSet("Enter your name, without addresses or special signs.", param="name")
    with as_login_role():
        # Memberships before their person, as in closing an account: two such deeds wait for each other in turn.
        found = Membership.objects.select_for_update(of=("self",)).select_related("organisation")
        memberships = list(found.filter(person=person).order_by("pk"))
        person = Person.objects.select_for_update().get(pk=person.pk)
        was, person.name = person.name, name
        if was == name:
            return person
        person.save(update_fields=["name"])
        for membership in memberships:
            membership.person_name = name
            membership.save(update_fields=["person_name"])
            record(Actor.of_membership(membership), membership.organisation, "person.renamed", now, was=was, to=name)
    return person


def switch_membership(*, memberships: Iterable[Membership], chosen: str) -> Membership:
    """The membership to work under from now on, one of the person's own. Nothing of any tenant changes by it."""
    for membership in memberships:
        if str(membership.pk) == chosen:
            return membership
    raise NotFound


def _is_known(name: str, value: Any) -> bool:
    if name in CHOICES:
        return value in CHOICES[name]
    if name == "keys":
        return isinstance(value, bool)
    if name == "digest_hour":
        return isinstance(value, int) and not isinstance(value, bool) and value in DIGEST_HOURS
    return name == "time_zone" and (value == "" or value in ZONES)
