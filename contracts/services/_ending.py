"""How a term ends with a deed, and what the deeds that end something share."""

from datetime import date, datetime

from contracts import keeping
from contracts.lifecycle import TermState
from contracts.models import AgreementTerm, Invoice
from contracts.services._common import record
from contracts.services.agreements import held
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor

RUNNING = (TermState.IN_FORCE, TermState.SUSPENDED, TermState.GRACE)


class CannotEnd(Refused):
    code = "cannot_end"


def end_term(actor: Actor, term: AgreementTerm | None, day: date, reason: str, now: datetime) -> None:
    """With the invoice that was for it: cancelled before its first day, terminated after it, else over already."""
    if term is None:
        return
    term = held(term)
    keeping.bring_up_to_date(term, now)
    if term.state == TermState.ORDERED:
        term.cancel()
        term.cancelled_at, term.termination_reason = now, said(reason)
        term.save(update_fields=["state", "cancelled_at", "termination_reason"])
        record(actor, term.agreement, "term.cancelled", now, reason=reason.strip())
    elif term.state in RUNNING:
        terminate(actor, term, day, said(reason), now)


def terminate(actor: Actor, term: AgreementTerm, on: date, reason: str, now: datetime) -> None:
    term.terminate()
    term.terminated_on, term.termination_reason = on, reason
    term.save(update_fields=["state", "terminated_on", "termination_reason"])
    record(actor, term.agreement, "term.ended", now, day=on, reason=reason)


def held_invoice(invoice: Invoice) -> Invoice:
    """The invoice as it is now, locked; its term's lock first, as everywhere."""
    if invoice.term is not None:
        held(invoice.term)
    locked = Invoice.objects.select_for_update(of=("self",)).select_related("term__agreement", "customer")
    return locked.get(pk=invoice.pk)


def said(reason: str) -> str:
    """Raises CannotEnd without one."""
    reason = reason.strip()
    if not reason:
        raise CannotEnd("Say why. It is kept with the agreement.", param="reason")
    return reason[:400]
