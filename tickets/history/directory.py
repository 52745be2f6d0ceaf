"""Who and where the tickets of a log belong to: customers with one site each, callers, groups, resolvers.

Made before the first ticket, all in one transaction; what is already there is found again by its name.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count

from django.contrib.auth.hashers import make_password

from contracts.models import Site
from tenancy.models import Kind, Membership, Organisation, Person, Role, Team, TeamMember
from tickets.history.mapping import PastTicket

CALLERS = "callers.history.example"
DESK = "desk.history.example"
CODE_LENGTH = 12


@dataclass
class Directory:
    """Found or made, by the name that stands in the file."""

    operator: Organisation
    customers: dict[str, Organisation] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    callers: dict[str, Person] = field(default_factory=dict)
    resolvers: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, number: int) -> None:
        self.made[what] = self.made.get(what, 0) + number


def prepare(tickets: Iterable[PastTicket], *, operator: Organisation, reseller: Organisation) -> Directory:
    """Find or make everything the tickets name. Staff's context; the caller's transaction decides."""
    tickets = list(tickets)
    directory = Directory(operator)
    locations = list(dict.fromkeys(ticket.location for ticket in tickets))
    directory.customers = _customers(directory, locations, reseller)
    directory.sites = _sites(directory)
    directory.callers = _people(directory, "callers", {t.caller for t in tickets if t.caller}, CALLERS)
    served = {(directory.customers[t.location], t.caller) for t in tickets if t.caller}
    _join(((customer, directory.callers[name]) for customer, name in served), Role.MEMBER)
    workers = {pair for ticket in tickets for pair in ticket.workers}
    names = {name for _, name in workers} | {ticket.assignee for ticket in tickets if ticket.assignee}
    directory.resolvers = _people(directory, "resolvers", names, DESK)
    desk = _join(((operator, person) for person in directory.resolvers.values()), Role.AGENT)
    directory.teams = _teams(directory, {group for t in tickets for group in t.groups})
    TeamMember.objects.bulk_create(
        [
            TeamMember(team=directory.teams[group], membership=desk[operator.pk, directory.resolvers[name].pk])
            for group, name in sorted(workers)
        ],
        ignore_conflicts=True,
    )
    return directory


def find_customers(locations: Iterable[str]) -> dict[str, Organisation]:
    """The customers an earlier import made. One that only shares the name or only the code is somebody else."""
    wanted = set(locations)
    found: dict[str, Organisation] = {}
    for customer in Organisation.objects.filter(kind=Kind.CUSTOMER, name__in=wanted).order_by("pk"):
        if customer.code.startswith(base_code(customer.name)[: CODE_LENGTH - 2]):
            found.setdefault(customer.name, customer)
    return found


def base_code(name: str) -> str:
    """LOC143 for "Location 143": three letters of the first word, then the number; else the letters and digits there are."""
    words = re.findall(r"[A-Z0-9]+", name.upper())
    letters = "".join(words)
    if len(words) == 2 and words[1].isdigit() and words[0][0].isalpha():
        letters = words[0][:3] + words[1]
    if not letters or not letters[0].isalpha():
        letters = f"C{letters}"
    return letters[:CODE_LENGTH].ljust(2, "0")


def free_code(name: str, taken: set[str]) -> str:
    base = base_code(name)
    tries = chain([base], (f"{base[: CODE_LENGTH - len(str(n)) - 1]}X{n}" for n in count(2)))
    return next(code for code in tries if code not in taken)


def _customers(directory: Directory, locations: list[str], reseller: Organisation) -> dict[str, Organisation]:
    found = find_customers(locations)
    taken = set(Organisation.objects.values_list("code", flat=True))
    new = []
    for name in locations:
        if name not in found:
            code = free_code(name, taken)
            taken.add(code)
            new.append(Organisation(kind=Kind.CUSTOMER, code=code, name=name, reseller=reseller))
    directory.count("customers", len(new))
    return found | {customer.name: customer for customer in Organisation.objects.bulk_create(new)}


def _sites(directory: Directory) -> dict[str, Site]:
    customers = directory.customers
    found = {site.name: site for site in Site.objects.filter(customer__in=customers.values(), name__in=customers)}
    new = [Site(customer=customer, name=name) for name, customer in customers.items() if name not in found]
    return found | {site.name: site for site in Site.objects.bulk_create(new)}


def _people(directory: Directory, what: str, names: set[str], domain: str) -> dict[str, Person]:
    """People who are known by name only: no sign-in, and an address under .example that no mail ever reaches."""
    there = Person.objects.filter(email__endswith=f"@{domain}")
    addresses = {person.email for person in there}
    found = {person.name: person for person in there if person.name in names}
    new = []
    for name in sorted(names - found.keys()):
        address = next(one for one in _addresses(name, domain) if one not in addresses)
        addresses.add(address)
        new.append(Person(email=address, name=name, is_active=False, password=make_password(None)))
    directory.count(what, len(new))
    return found | {person.name: person for person in Person.objects.bulk_create(new)}


def _addresses(name: str, domain: str) -> Iterator[str]:
    """caller-2403@…, then caller-2403-2@… for another person whose name differs in signs only."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "somebody"
    yield f"{slug}@{domain}"
    yield from (f"{slug}-{n}@{domain}" for n in count(2))


def _join(pairs: Iterable[tuple[Organisation, Person]], role: Role) -> dict[tuple[int, int], Membership]:
    """Memberships that open no door: they say who belonged where, and get no mail and no work."""
    wanted = sorted({(organisation.pk, person.pk): (organisation, person) for organisation, person in pairs}.items())
    Membership.objects.bulk_create(
        [
            Membership(
                organisation=organisation,
                person=person,
                role=role,
                person_name=person.name,
                person_email=person.email,
                is_active=False,
            )
            for _, (organisation, person) in wanted
        ],
        ignore_conflicts=True,
    )
    people = [person.pk for _, (_, person) in wanted]
    return {
        (membership.organisation_id, membership.person_id): membership
        for membership in Membership.objects.filter(person__in=people)
    }


def _teams(directory: Directory, names: set[str]) -> dict[str, Team]:
    by_lower = {team.name.lower(): team for team in Team.objects.all()}
    new = {name.lower(): Team(name=name) for name in sorted(names) if name.lower() not in by_lower}
    directory.count("teams", len(new))
    by_lower |= {team.name.lower(): team for team in Team.objects.bulk_create(new.values())}
    return {name: by_lower[name.lower()] for name in names}
