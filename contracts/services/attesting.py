"""A reseller says that its customer has paid, so that the customer waits for nobody's books (docs/agreements.md)."""

from datetime import date, datetime

from django.db import transaction

from contracts.lifecycle import BEFORE_ORDER
from contracts.models import AgreementTerm, PaymentAttestation
from contracts.services._common import record
from contracts.services.agreements import held
from contracts.standing import today_of
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor


class CannotAttest(Refused):
    code = "cannot_attest"


@transaction.atomic
def attest_payment(
    *, actor: Actor, term: AgreementTerm, paid_on: date, statement: str, now: datetime
) -> PaymentAttestation:
    """P13: it counts as paid until roZoom's invoice to the reseller is 30 days overdue. Said once for a term."""
    actor.require("agreement:attest")
    term = held(term)
    if term.agreement.sold_by_id != actor.organisation_id:
        raise CannotAttest("You did not sell this agreement.")
    if term.state in BEFORE_ORDER or term.ordered_at is None:
        raise CannotAttest("It is not ordered yet.")
    if paid_on > today_of(term.agreement.customer, now):
        raise CannotAttest("Enter the day on which your customer paid, not one ahead.", param="paid_on")
    if not statement.strip():
        raise CannotAttest("Say what was paid, such as your invoice number.", param="statement")
    if said := PaymentAttestation.objects.filter(term=term).first():
        raise CannotAttest(f"{said.by_name} said so already: paid on {said.paid_on:%d %b %Y}.")
    attestation = PaymentAttestation.objects.create(
        term=term, paid_on=paid_on, statement=statement.strip()[:400], by_name=actor.name, recorded_at=now
    )
    record(actor, term.agreement, "payment.attested", now, paid_on=paid_on, statement=attestation.statement)
    return attestation
