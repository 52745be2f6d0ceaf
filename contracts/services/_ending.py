"""How a term ends with a deed, and what the deeds that end something share."""

from datetime import date, datetime

from contracts.lifecycle import TermState
from contracts.models import AgreementTerm, Invoice
from contracts.services._common import record
from contracts.services.agreements import held
from contracts.standing import standing
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
    bring_up_to_date(term, now)
    if term.state == TermState.ORDERED:
        term.cancel()
        term.termination_reason = said(reason)
        term.save(update_fields=["state", "termination_reason"])
        record(actor, term.agreement, "term.cancelled", now, reason=reason.strip())
    elif term.state in RUNNING:
        terminate(actor, term, day, said(reason), now)


def terminate(actor: Actor, term: AgreementTerm, on: date, reason: str, now: datetime) -> None:
    term.terminate()
    term.terminated_on, term.termination_reason = on, reason
    term.save(update_fields=["state", "terminated_on", "termination_reason"])
    record(actor, term.agreement, "term.ended", now, day=on, reason=reason)


def bring_up_to_date(term: AgreementTerm, now: datetime) -> None:
    """Write down what the dates have made of the stored state, move by move, before a deed goes on from there."""
    for move in _way(term.state, standing(term, now).state):
        getattr(term, move)()
        term.save(update_fields=["state"])


def _way(stored: str, wanted: str) -> list[str]:
    """The moves that no person makes, from one state to the other. None where it stands there, or no date leads there."""
    moves = [
        (str(one.source), str(one.target), one.name)
        for one in AgreementTerm._meta.get_field("state").get_all_transitions(AgreementTerm)
        if one.permission is None
    ]
    ways: dict[str, list[str]] = {stored: []}
    reached = [stored]
    for state in reached:
        for source, target, name in moves:
            if source == state and target not in ways:
                ways[target] = [*ways[state], name]
                reached.append(target)
    return ways.get(wanted, [])


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
