"""Who does a deed. Made once at the door, passed to every deed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rozoom_support.lib.refusals import Refused
from tenancy.capabilities import role_may, scopes_may
from tenancy.context import Context
from tenancy.models import AUDIENCE_OF_KIND, Kind, Role

if TYPE_CHECKING:
    from tenancy.models import ApiToken, Membership, Organisation

# The strongest role a token stands for, by the kind of its organisation; its scopes narrow that down.
TOKEN_ROLE: dict[str, Role] = {
    Kind.CUSTOMER: Role.CUSTOMER_ADMINISTRATOR,
    Kind.RESELLER: Role.RESELLER_MANAGER,
    Kind.SUPPLIER: Role.CLERK,
    Kind.OPERATOR: Role.ADMINISTRATOR,
}


class NotAllowed(Refused):
    code = "not_allowed"


@dataclass(frozen=True)
class Actor:
    """`party` is customer, reseller, supplier, operator or system: whose voice this is in a conversation."""

    kind: str  # person, token, mail or system
    party: str
    name: str
    role: str = ""
    organisation_id: int = 0  # no organisation has the number 0: system jobs act for none
    organisation_name: str = ""
    organisation_code: str = ""
    person_id: int | None = None
    token_id: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)
    email: str = ""

    @classmethod
    def of_membership(cls, membership: Membership) -> Actor:
        organisation = membership.organisation
        return cls(
            kind="person",
            party=organisation.kind.lower(),
            name=membership.person_name,
            role=membership.role,
            organisation_id=organisation.pk,
            organisation_name=organisation.name,
            organisation_code=organisation.code,
            person_id=membership.person_id,
            email=membership.person_email,
        )

    @classmethod
    def of_mail(cls, membership: Membership) -> Actor:
        """A person who wrote a mail: the same rights, by another door."""
        return replace(cls.of_membership(membership), kind="mail")

    @classmethod
    def of_guest(cls, organisation: Organisation, *, name: str, email: str) -> Actor:
        """Somebody without an account who wrote from an address that is this customer's."""
        return cls(
            kind="mail",
            party=organisation.kind.lower(),
            name=f"{name} ({email})"[:160] if name and name.lower() != email else email[:160],
            role=Role.MEMBER,
            organisation_id=organisation.pk,
            organisation_name=organisation.name,
            organisation_code=organisation.code,
            email=email,
        )

    @classmethod
    def of_token(cls, token: ApiToken) -> Actor:
        organisation = token.organisation
        return cls(
            kind="token",
            party=organisation.kind.lower(),
            name=token.name,
            role=TOKEN_ROLE[organisation.kind],
            organisation_id=organisation.pk,
            organisation_name=organisation.name,
            organisation_code=organisation.code,
            token_id=str(token.pk),
            scopes=frozenset(token.scopes),
        )

    @classmethod
    def system(cls, name: str) -> Actor:
        """A named job. It may do whatever its service does; the audit shows its name."""
        return cls(kind="system", party="system", name=name)

    @property
    def is_operator(self) -> bool:
        return self.party == "operator"

    @property
    def answers_for_rozoom(self) -> bool:
        """Whether a public reply by this actor is the answer that was promised (docs/promise.md).

        The promise is an answer by roZoom's people. A program of roZoom's may well write "we got your report" by itself,
        which answers nothing; only a token whose scope says that people write through it speaks for them.
        """
        return self.is_operator and self.can("ticket:answer")

    @property
    def door(self) -> str:
        """Whose idempotency keys are told apart: the token's, or the person's in this organisation."""
        return f"token:{self.token_id}" if self.kind == "token" else f"person:{self.person_id}"

    @property
    def context(self) -> Context:
        if self.kind == "system":
            return Context("worker")
        audience = AUDIENCE_OF_KIND[Kind(self.party.upper())]
        return Context(audience, None if audience == "staff" else self.organisation_id, self.person_id)

    def can(self, capability: str) -> bool:
        if self.kind == "system":
            return True
        return role_may(self.role, capability) and (self.kind != "token" or scopes_may(self.scopes, capability))

    def require(self, capability: str) -> None:
        if not self.can(capability):
            raise NotAllowed("Your role may not do this. Ask an administrator of your organisation.")
