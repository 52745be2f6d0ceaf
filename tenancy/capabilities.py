"""What each role and each token scope may do: one table. An unknown name is an error at import, never a silent refusal."""

from collections.abc import Iterable

from tenancy.models import Role

CUSTOMERS = {Role.MEMBER, Role.CUSTOMER_ADMINISTRATOR}
RESELLERS = {Role.RESELLER_AGENT, Role.RESELLER_MANAGER}
OPERATORS = {Role.AGENT, Role.COORDINATOR, Role.FINANCE, Role.DUTY_MANAGER, Role.ADMINISTRATOR}
DESK = RESELLERS | OPERATORS
TRIAGE = {Role.AGENT, Role.COORDINATOR, Role.DUTY_MANAGER, Role.ADMINISTRATOR}
RETURNS = {Role.COORDINATOR, Role.DUTY_MANAGER, Role.ADMINISTRATOR}
MANAGERS = {Role.DUTY_MANAGER, Role.ADMINISTRATOR}

CAPABILITIES: dict[str, set[Role]] = {
    "ticket:read": CUSTOMERS | DESK,
    "ticket:file": CUSTOMERS | RESELLERS | TRIAGE,
    "ticket:reply": CUSTOMERS | RESELLERS | TRIAGE,
    "ticket:answer": TRIAGE,  # a public reply is roZoom's answer and stops the promise
    "ticket:partner-note": RESELLERS | TRIAGE,
    "ticket:internal-note": TRIAGE,
    "ticket:work": RESELLERS | TRIAGE,  # wait, resume, resolve, assign to oneself
    "ticket:assign": {Role.RESELLER_MANAGER} | TRIAGE,
    "ticket:withdraw": CUSTOMERS | RESELLERS | TRIAGE,
    "ticket:close": CUSTOMERS | RESELLERS | TRIAGE,
    "ticket:merge": TRIAGE,
    "severity:propose": CUSTOMERS | RESELLERS | TRIAGE,  # and answer proposals, for one's own party
    "severity:consent": {Role.RESELLER_MANAGER},  # beforehand, to every raise
    "component:read": CUSTOMERS | DESK,
    "agreement:quote": RESELLERS | {Role.FINANCE, Role.ADMINISTRATOR},
    "agreement:order": {Role.CUSTOMER_ADMINISTRATOR} | RESELLERS | {Role.FINANCE, Role.ADMINISTRATOR},
    "agreement:ask": CUSTOMERS,  # for a quote or a renewal
    "agreement:attest": RESELLERS,  # that its customer paid
    "renewal:read": RESELLERS | {Role.FINANCE, Role.DUTY_MANAGER, Role.ADMINISTRATOR},  # what ends when
    "agreement:manage": {Role.FINANCE, Role.DUTY_MANAGER, Role.ADMINISTRATOR},
    "invoice:read": {Role.CUSTOMER_ADMINISTRATOR, Role.DUTY_MANAGER, Role.FINANCE, Role.ADMINISTRATOR} | RESELLERS,
    "invoice:manage": {Role.FINANCE, Role.ADMINISTRATOR},
    "price:manage": {Role.FINANCE, Role.ADMINISTRATOR},
    "component:manage": {Role.COORDINATOR, Role.FINANCE, Role.ADMINISTRATOR},
    "warranty:propose-void": OPERATORS,  # for abuse; another person confirms
    # Confirm that; or make it void alone, before it begins.
    "warranty:void": {Role.COORDINATOR, Role.FINANCE, Role.DUTY_MANAGER, Role.ADMINISTRATOR},
    "warranty:appeal": CUSTOMERS | RESELLERS,
    "warranty:answer": MANAGERS,  # an appeal: give the warranty back, or refuse
    "coverage:override": {Role.DUTY_MANAGER, Role.ADMINISTRATOR},  # decide otherwise than the rules, with a reason
    "ladder:manage": {Role.DUTY_MANAGER, Role.ADMINISTRATOR},  # who is told of late answers, and who has duty when
    "mail:handle": TRIAGE,  # what was held of the mail that came in
    "ticket:grant-promise": TRIAGE,  # to a ticket that nothing covers, with a reason
    "rma:read": CUSTOMERS | DESK,
    "rma:request": CUSTOMERS | RESELLERS | TRIAGE,  # and supply what is missing, accept, confirm, cancel
    "rma:manage": RETURNS,  # approve, hold, reserve, ship, receive, inspect
    "rma:diagnose": TRIAGE,  # confirm on the ticket that a part failed
    "rma:override": MANAGERS,  # waive a return, accept another serial, decide otherwise than the rules
    "rma:charge": RETURNS | {Role.FINANCE},  # release the invoice for a part that was not returned
    "pool:read": OPERATORS,
    "pool:manage": RETURNS,
    "pool:write-off": MANAGERS | {Role.COORDINATOR},  # the second of two people
    "pool:scrap": MANAGERS,
    "supplier-rma:read": {Role.CLERK} | RETURNS | {Role.AGENT, Role.FINANCE},
    "supplier-rma:work": {Role.CLERK} | RETURNS,  # acknowledge, refuse, receive, diagnose, repair, settle
    "carrier:report": TRIAGE,  # what a carrier says of a shipment
    "report:read": {Role.CUSTOMER_ADMINISTRATOR} | DESK,
    "people:read": set(Role),  # who of one's own organisation can help
    "people:manage": {Role.CUSTOMER_ADMINISTRATOR, Role.RESELLER_MANAGER, Role.ADMINISTRATOR},
    "token:manage": {Role.CUSTOMER_ADMINISTRATOR, Role.RESELLER_MANAGER, Role.ADMINISTRATOR, Role.CLERK},
    "webhook:manage": {Role.CUSTOMER_ADMINISTRATOR, Role.RESELLER_MANAGER, Role.ADMINISTRATOR},
    "desk:open": DESK,
    "notice:read": CUSTOMERS | DESK,  # one's own only
}

# A token may do what its scopes allow, inside what its organisation's kind may do at all.
SCOPES: dict[str, set[str]] = {
    "tickets:read": {"ticket:read"},
    "tickets:write": {
        "ticket:file",
        "ticket:reply",
        "ticket:work",
        "ticket:withdraw",
        "ticket:close",
        "ticket:assign",
        "ticket:merge",
        "severity:propose",
    },
    "tickets:answer": {"ticket:answer", "ticket:grant-promise"},
    "notes:write": {"ticket:partner-note", "ticket:internal-note"},
    "components:read": {"component:read"},
    "returns:read": {"rma:read"},
    "returns:write": {"rma:request"},
    "returns:manage": {"rma:manage", "rma:diagnose", "rma:charge"},
    "supplier-returns:read": {"supplier-rma:read"},
    "supplier-returns:write": {"supplier-rma:work"},
    "pool:read": {"pool:read"},
    "pool:write": {"pool:manage"},
    "carrier-events:write": {"carrier:report"},
    "webhooks:manage": {"webhook:manage"},
}
SCOPE_WORDS: dict[str, str] = {
    "tickets:read": "Read tickets, messages and files",
    "tickets:write": "File, correct, move, assign and merge tickets, and write public replies",
    "tickets:answer": "Answer for roZoom: people at roZoom reply and promise answers through this integration",
    "notes:write": "Write partner and internal notes",
    "components:read": "Read components, sites and what covers them",
    "returns:read": "Read returns, their shipments and why they were decided so",
    "returns:write": "Ask for returns, supply what is missing, answer quotes, confirm and cancel",
    "returns:manage": "Approve, reserve, ship, receive, inspect and charge for returns",
    "supplier-returns:read": "Read what roZoom sent to a supplier",
    "supplier-returns:write": "Acknowledge, receive, diagnose, repair, refuse and settle for a supplier",
    "pool:read": "Read the units of the parts pool",
    "pool:write": "Receive units and record their tests",
    "carrier-events:write": "Report what carriers say about shipments",
    "webhooks:manage": "Set up webhooks, and read everything they tell",
}

_unknown = {name for names in SCOPES.values() for name in names} - CAPABILITIES.keys()
if _unknown:
    raise RuntimeError(f"scopes name unknown capabilities: {sorted(_unknown)}")


def role_may(role: str, capability: str) -> bool:
    return role in CAPABILITIES[capability]


def scopes_may(scopes: Iterable[str], capability: str) -> bool:
    return capability in CAPABILITIES and any(capability in SCOPES.get(scope, ()) for scope in scopes)
