"""From an address to the person or the organisation it stands for."""

from dataclasses import dataclass, field

from tenancy.actor import Actor
from tenancy.models import Kind, Membership, Organisation
from tickets.mail.reading.headers import small


@dataclass(frozen=True)
class Sender:
    """Who may be meant. `left`: the address was somebody's who has no access any more, and opens nothing."""

    address: str
    name: str
    memberships: list[Membership] = field(default_factory=list)
    guest_of: Organisation | None = None
    left: bool = False

    @property
    def is_known(self) -> bool:
        return bool(self.memberships) or self.guest_of is not None

    @property
    def is_staff(self) -> bool:
        return any(one.organisation.kind == Kind.OPERATOR for one in self.memberships)

    def actors(self) -> list[Actor]:
        """As whom they may speak without being asked to: never for roZoom."""
        found = [
            Actor.of_mail(one) for one in self.memberships if one.organisation.kind in (Kind.CUSTOMER, Kind.RESELLER)
        ]
        return [*found, *([self.guest()] if self.guest_of is not None else [])]

    def actor_in(self, organisation_id: int) -> Actor | None:
        for one in self.memberships:
            if one.organisation_id == organisation_id:
                return Actor.of_mail(one)
        return self.guest() if self.guest_of is not None and self.guest_of.pk == organisation_id else None

    def guest(self) -> Actor:
        if self.guest_of is None:
            raise ValueError("no guest")
        return Actor.of_guest(self.guest_of, name=self.name, email=self.address)


def sender_of(address: str, name: str) -> Sender:
    """Read as the worker. A person's own address first; then the domain a customer has shown to be its own."""
    found = Membership.objects.select_related("organisation__reseller", "person").filter(person__email__iexact=address)
    # The database takes a dotless i for an I; only the very same letters are the same person.
    known = [one for one in found.order_by("pk") if small(one.person.email) == address]
    memberships = [one for one in known if one.is_active and one.person.is_active and one.organisation.is_active]
    if memberships:
        return Sender(address, name, memberships)
    if known:
        return Sender(address, name, left=True)
    return Sender(address, name, guest_of=customer_of_domain(address.rpartition("@")[2]))


def customer_of_domain(domain: str) -> Organisation | None:
    """None when two customers claim the same domain: then nobody can tell whose mail it is."""
    if not domain:
        return None
    found = Organisation.objects.select_related("reseller").filter(
        kind=Kind.CUSTOMER, is_active=True, mail_domains__contains=[domain]
    )
    customers = list(found[:2])
    return customers[0] if len(customers) == 1 else None
