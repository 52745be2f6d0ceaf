"""Who lives in the run: six customers of two resellers, one person for each rung, three who read answers, and promises of seconds."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from sla.models import LadderStep
from tenancy.actor import Actor
from tenancy.context import Context, as_login_role, work_unit
from tenancy.models import Kind, Membership, Organisation, Person, Role
from tickets.models import Ticket

# The targets of this database alone, in seconds, and when reminders follow the due time.
TARGETS = {1: 3.0, 2: 5.0, 3: 8.0}
REMINDERS = (1.5, 3.0)
CUSTOMERS = 6
# Of two customers three people hear every public answer, and the last one's mailbox is gone for ever. When the mail server
# says so. Of the others there is one.
READERS = ("head", "deputy", "porter")
GONE = {"C1": "RCPT", "C4": "DATA"}

SHORT_TARGETS = """
CREATE OR REPLACE FUNCTION app.response_target(p_severity smallint) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT make_interval(secs => CASE p_severity WHEN 1 THEN {1} WHEN 2 THEN {2} WHEN 3 THEN {3} END)
$$"""
TICKETS = """
INSERT INTO tickets_ticket (customer_id, reseller_id, number, reference, subject, description, error_code, service_kind, channel,
  state, turn, impact, severity, severity_state, severity_because, severity_doubt, site_contact, access_hours, reporter_name,
  reporter_email, reporter_party, assignee_name, assignee_party, tags, reported_at, response_outcome, last_customer_message_at,
  last_message_at, resolution, external_reference, version, updated_at)
SELECT c.id, c.reseller_id, i, c.code || '-' || i, 'Lift ' || i || ' stands still', 'It stopped.', '', 'problem', 'portal',
  'OPEN', 'rozoom', '{"service": "severe", "workaround": "no", "business": "degraded", "mission_critical": false}', 2, 'provisional',
  '', '', '', '', 'Caller', '', 'customer', '', '', '{}', now(), '', now(), now(), '', '', 1, now()
FROM generate_series(1, %s) i JOIN tenancy_organisation c ON c.code = 'C' || (1 + i %% %s)"""


@dataclass(frozen=True)
class Rung:
    """One level as it is written, and who is told: kept here apart from the product's own reckoning."""

    level: int
    percent: int
    after: float
    recipients: tuple[str, ...]
    told: tuple[str, ...]


RUNGS = (
    Rung(1, 50, 0, ("assignee_or_team",), ("agent",)),
    Rung(2, 75, 0, ("reseller_agents",), ("reseller",)),
    Rung(3, 100, 0, ("duty_manager", "assignee_or_team"), ("duty", "agent")),
    *(Rung(4 + n, 100, after, ("duty_manager",), ("duty",)) for n, after in enumerate(REMINDERS)),
)


@dataclass(frozen=True)
class Town:
    """`addresses`: of a reseller's key and what somebody is, where the mail of it goes. `readers`: of a customer's key who
    hears public answers. `gone`: addresses that are refused for ever, and when."""

    agent: Actor
    addresses: dict[tuple[int, str], str]
    readers: dict[int, tuple[str, ...]]
    gone: dict[str, str]


def build(tickets: int) -> Town:
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute(SHORT_TARGETS.format(None, *TARGETS.values()))
    with work_unit(Context("staff")):
        _write_ladder()
        rozoom = _organisation(Kind.OPERATOR, "ROZOOM", None)
        resellers = [_organisation(Kind.RESELLER, f"R{n}", None) for n in (1, 2)]
        customers = [_organisation(Kind.CUSTOMER, f"C{n}", resellers[n % 2]) for n in range(1, CUSTOMERS + 1)]
        with as_login_role():
            agent = _member(rozoom, Role.AGENT, "agent@rozoom.example")
            duty = _member(rozoom, Role.DUTY_MANAGER, "duty@rozoom.example")
            sellers = [_member(one, Role.RESELLER_AGENT, f"agent@{one.code.lower()}.example") for one in resellers]
            for one in customers:
                for address in _readers(one):
                    _member(one, Role.CUSTOMER_ADMINISTRATOR, address)
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute(TICKETS, [tickets, CUSTOMERS])
        cursor.execute("ANALYZE")
    own = {"agent": agent.person_email, "duty": duty.person_email}
    addresses = {(seller.organisation_id, who): address for seller in sellers for who, address in own.items()}
    addresses |= {(seller.organisation_id, "reseller"): seller.person_email for seller in sellers}
    readers = {one.pk: _readers(one) for one in customers}
    return Town(Actor.of_membership(agent), addresses, readers, gone())


def gone() -> dict[str, str]:
    return {f"{READERS[-1]}@{code.lower()}.example": step for code, step in GONE.items()}


def tickets() -> list[Ticket]:
    with work_unit(Context("worker")):
        return list(Ticket.objects.defer("search").order_by("pk"))


def _write_ladder() -> None:
    LadderStep.objects.all().delete()
    LadderStep.objects.bulk_create(
        LadderStep(
            severity=severity,
            level=rung.level,
            percent=rung.percent,
            after=timedelta(seconds=rung.after),
            recipients=list(rung.recipients),
        )
        for severity in TARGETS
        for rung in RUNGS
    )


def _organisation(kind: str, code: str, reseller: Organisation | None) -> Organisation:
    return Organisation.objects.create(kind=kind, code=code, name=f"{code} Works", reseller=reseller)


def _readers(customer: Organisation) -> tuple[str, ...]:
    people = READERS if customer.code in GONE else READERS[:1]
    return tuple(f"{who}@{customer.code.lower()}.example" for who in people)


def _member(organisation: Organisation, role: str, address: str) -> Membership:
    name = address.partition("@")[0].title()
    person = Person.objects.create_user(address, "x" * 20, name=name)
    return Membership.objects.create(
        organisation=organisation, person=person, role=role, person_name=name, person_email=address
    )
