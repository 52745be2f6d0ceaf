"""Who may do what: the whole table, role by role and scope by scope, written down a second time on purpose."""

import pytest

from tenancy.actor import TOKEN_ROLE, Actor, NotAllowed
from tenancy.capabilities import CAPABILITIES, SCOPE_WORDS, SCOPES
from tenancy.forms import ROLE_HINTS
from tenancy.models import ROLES_OF_KIND, ApiToken, Kind, Organisation, Role
from tenancy.queries import scopes_of_kind

EVERYBODY = {"people:read"}
CUSTOMER = EVERYBODY | {
    "ticket:read",
    "ticket:file",
    "ticket:reply",
    "ticket:withdraw",
    "ticket:close",
    "component:read",
    "notice:read",
    "severity:propose",
    "rma:read",
    "rma:request",
}
KEYS = {"people:manage", "token:manage"}
MANAGING = KEYS | {"webhook:manage"}
SERVING = CUSTOMER | {"desk:open", "report:read", "ticket:partner-note", "ticket:work"}
SELLING = {"agreement:quote", "agreement:order", "renewal:read"}
RESELLER = SERVING | SELLING | {"agreement:attest", "invoice:read", "warranty:appeal"}
DESK = SERVING | {
    "ticket:internal-note",
    "ticket:answer",
    "ticket:assign",
    "ticket:merge",
    "ticket:grant-promise",
    "mail:handle",
}
DESK |= {"rma:diagnose", "pool:read", "supplier-rma:read", "carrier:report", "warranty:propose-void"}
VOIDING = {"warranty:void"}
ANSWERING = VOIDING | {"warranty:answer"}
RETURNING = {"rma:manage", "rma:charge", "pool:manage", "pool:write-off", "supplier-rma:work"}
OVERRIDING = {"rma:override", "pool:scrap", "coverage:override", "ladder:manage"}
BILLING = {"agreement:manage", "invoice:read", "invoice:manage", "price:manage", "component:manage"}
RIGHTS: dict[str, set[str]] = {
    Role.MEMBER: CUSTOMER | {"agreement:ask", "warranty:appeal"},
    Role.CUSTOMER_ADMINISTRATOR: CUSTOMER
    | MANAGING
    | {"agreement:ask", "agreement:order", "invoice:read", "report:read", "warranty:appeal"},
    Role.RESELLER_AGENT: RESELLER,
    Role.RESELLER_MANAGER: RESELLER | MANAGING | {"ticket:assign", "severity:consent"},
    Role.CLERK: EVERYBODY | {"supplier-rma:read", "supplier-rma:work", "token:manage"},
    Role.AGENT: DESK,
    Role.COORDINATOR: DESK | RETURNING | VOIDING | {"component:manage"},
    Role.FINANCE: EVERYBODY
    | SELLING
    | BILLING
    | VOIDING
    | {"warranty:propose-void"}
    | {"ticket:read", "component:read", "desk:open", "notice:read", "report:read"}
    | {"rma:read", "rma:charge", "pool:read", "supplier-rma:read"},
    Role.DUTY_MANAGER: DESK | RETURNING | OVERRIDING | ANSWERING | {"agreement:manage", "invoice:read", "renewal:read"},
    Role.ADMINISTRATOR: DESK | RETURNING | OVERRIDING | ANSWERING | MANAGING | SELLING | BILLING,
}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_this_and_nothing_else(role: Role) -> None:
    actor = Actor(kind="person", party="customer", name="T", role=role)
    assert {name for name in CAPABILITIES if actor.can(name)} == RIGHTS[role]
    for name in CAPABILITIES.keys() - RIGHTS[role]:
        with pytest.raises(NotAllowed, match="Your role may not do this"):
            actor.require(name)


def token(kind: str, *scopes: str) -> Actor:
    organisation = Organisation(kind=kind, name="T", code="T", pk=1)
    return Actor.of_token(ApiToken(organisation=organisation, name="T", scopes=list(scopes)))


@pytest.mark.parametrize("kind", list(Kind))
def test_a_token_may_what_its_scopes_and_its_kind_of_organisation_both_allow(kind: Kind) -> None:
    for scope, names in SCOPES.items():
        allowed = {name for name in CAPABILITIES if token(kind, scope).can(name)}
        assert allowed == names & RIGHTS[TOKEN_ROLE[kind]], scope
    assert not any(token(kind).can(name) for name in CAPABILITIES)


@pytest.mark.parametrize("kind", list(Kind))
def test_no_token_manages_people_or_tokens(kind: Kind) -> None:
    """A stolen one must not be able to make its successor."""
    everything = token(kind, *SCOPES)
    assert not any(everything.can(name) for name in KEYS)


def test_scopes_are_offered_where_they_allow_something() -> None:
    offered = {kind: set(scopes_of_kind(kind)) for kind in Kind}
    assert "notes:write" not in offered[Kind.CUSTOMER]
    assert "notes:write" in offered[Kind.RESELLER] & offered[Kind.OPERATOR]
    assert offered[Kind.SUPPLIER] == {"supplier-returns:read", "supplier-returns:write"}
    for kind, scopes in offered.items():
        for scope in SCOPES:
            means_something = any(token(kind, scope).can(name) for name in CAPABILITIES)
            assert (scope in scopes) is means_something, (kind, scope)


def test_an_unknown_right_is_an_error_and_not_a_no() -> None:
    with pytest.raises(KeyError):
        Actor(kind="person", party="operator", name="T", role=Role.ADMINISTRATOR).can("ticket:explode")


def test_every_role_and_scope_has_its_words() -> None:
    assert set(ROLE_HINTS) == set(Role)
    assert SCOPE_WORDS.keys() == SCOPES.keys()
    assert {role for roles in ROLES_OF_KIND.values() for role in roles} == set(Role)


def test_named_jobs_may_what_their_service_does() -> None:
    assert all(Actor.system("sweep").can(name) for name in CAPABILITIES)
