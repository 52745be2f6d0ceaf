"""Who gets what, and why. Pure: the same facts and the same instant give the same answer, for ever.

`decide` answers for a replacement part by the rules R0 to R10, the first that matches; `support` answers whether a
ticket is covered. Coverage is judged at the moment of reporting, the fee at the moment of decision (docs/coverage.md).
A change of a rule raises RULE_SET, so that a kept decision says by which rules it was made.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from contracts.facts import Facts, Term, Warranty
from contracts.terms import DAY, contains
from rozoom_support.lib.money import shown

RULE_SET = 1
ASK_US = "Ask us: our staff may grant an answer all the same."


class Outcome(StrEnum):
    ADVANCE = "ADVANCE"  # a part is sent first
    FACTORY = "FACTORY"  # the failed part goes to the factory and comes back
    SOFTWARE = "SOFTWARE"
    HOLD = "HOLD"
    MERGE = "MERGE"
    REJECT = "REJECT"


class Charge(StrEnum):
    NONE = "NONE"
    QUOTE = "QUOTE"  # the customer is asked first


@dataclass(frozen=True)
class Decision:
    outcome: Outcome
    rule: str
    reasons: tuple[str, ...]
    would_change: tuple[str, ...] = ()
    charge: Charge = Charge.NONE
    promises_date: bool = False  # the next-business-day schedule applies
    flags: tuple[str, ...] = field(default=())
    rule_set: int = RULE_SET


def decide(facts: Facts, at: datetime) -> Decision:
    """What the component's failure entitles to. `at` is the instant of decision; only the fee is judged by it."""
    for rule in RULES:
        if decision := rule(facts, at):
            return decision
    return _advance(facts, at)


# The rules, in order -------------------------------------------------------------------------------------------------


def _not_reported(facts: Facts, at: datetime) -> Decision | None:
    if facts.reported_at is not None:
        return None
    return Decision(
        Outcome.HOLD,
        "R0",
        ("Nothing was reported to roZoom Support for this component.",),
        ("Report the problem. The time of the report decides what applies.",),
    )


def _not_registered(facts: Facts, at: datetime) -> Decision | None:
    if not facts.is_registered:
        near = ", ".join(facts.near_serials)
        change = f"Did you mean {near}? An engineer confirms the serial." if near else ""
        proof = "Send us proof of purchase. We register the serial and look again."
        words = "We have no component of yours with this serial."
        return Decision(Outcome.HOLD, "R1", (words,), (change, proof) if change else (proof,))
    if not facts.ship_to_verified:
        words = "The component stands at another place than the one we know."
        change = "A second contact of yours confirms the new place."
        return Decision(Outcome.HOLD, "R1", (words,), (change,))
    if facts.unconfirmed_agreement and not facts.terms:
        words = f"You have an agreement from {facts.unconfirmed_agreement} that we do not know of."
        change = f"{facts.unconfirmed_agreement} confirms it within one business day, or you send its dated invoice."
        return Decision(Outcome.HOLD, "R1", (words,), (change,))
    return None


def _already_open(facts: Facts, at: datetime) -> Decision | None:
    if not facts.open_rma:
        return None
    words = f"A return of this component is already open: {facts.open_rma}."
    return Decision(Outcome.MERGE, "R2", (words,), (f"Nothing: this goes on in {facts.open_rma}.",))


def _software(facts: Facts, at: datetime) -> Decision | None:
    if facts.kind != "SOFTWARE":
        return None
    words = "This is software. It is helped by a fix, a patch or an upgrade, not by a new part."
    return Decision(Outcome.SOFTWARE, "R3", (words,))


def _retired(facts: Facts, at: datetime) -> Decision | None:
    if facts.is_retired:
        words = "This serial was kept after a replacement and charged for. It is not supported any more."
        return Decision(Outcome.REJECT, "R4", (words,), ("A new component.",))
    if facts.end_of_support and facts.reported_on > facts.end_of_support:
        words = f"Support for this product ended on {_day(facts.end_of_support)}."
        return Decision(Outcome.REJECT, "R4", (words,), ("A component of a product we still support.",))
    return None


def _no_warranty(facts: Facts, at: datetime) -> Decision | None:
    day = facts.reported_on
    active = [one for one in facts.warranties if contains(one.span, day)]
    if any(not one.is_void for one in active) and not facts.excluded_damage:
        return None
    if facts.excluded_damage:
        words, change = (
            f"The warranty does not cover this damage: {facts.excluded_damage}.",
            "An appeal, with evidence.",
        )
    elif active:
        words, change = "The warranty of this component is void.", "An appeal within 30 days of our decision."
    else:
        words, change = _without_warranty(facts.warranties, day), "An extended warranty bought before a failure."
    return Decision(
        Outcome.FACTORY,
        "R5",
        (words, "It can be repaired in the factory. We send you a quote first."),
        (change,),
        charge=Charge.QUOTE,
    )


def _without_warranty(warranties: tuple[Warranty, ...], day: date) -> str:
    ended = [one.end for one in warranties if one.end < day]
    if ended:
        return f"The warranty ended on {_day(max(ended))}, before the report of {_day(day)}."
    return f"No warranty was active when it was reported on {_day(day)}."


def _no_agreement(facts: Facts, at: datetime) -> Decision | None:
    if _candidates(facts, at):
        return None
    day = facts.reported_on
    grace = next((term for term in facts.terms if term.in_grace(day)), None)
    if grace:
        words = (
            f"Agreement {grace.number} ended on {_day(grace.end)}. Support goes on in grace, advance replacement not."
        )
        change = f"Order the renewal by {_day(grace.grace_ends)} and pay it."
        return _factory("R6", words, change)
    if facts.free and contains(facts.free, day):
        words = f"The 90 free days run until {_day(facts.free[1])}. They do not include advance replacement."
        return _factory("R6", words, "An agreement ordered and paid before a failure is reported.")
    if any(term.cover is None and term.start <= day <= term.end for term in facts.terms):
        return _factory("R6", "Your agreement does not list this component.", "Add it. That counts for later failures.")
    words = f"No support agreement covered this component on {_day(day)}."
    return _factory("R6", words, "An agreement that lists it, ordered and paid before a failure is reported.")


def _bought_late(facts: Facts, at: datetime) -> Decision | None:
    if _counting(facts, at):
        return None
    term = min(_candidates(facts, at), key=lambda one: one.ordered_at or at)
    words = (
        f"Agreement {term.number} was ordered on {_day(facts.day(term.ordered_at or at))}, "
        f"after this failure was reported on {_day(facts.reported_on)}."
    )
    return _factory("R7", words, "Nothing for this failure. Later failures are covered.")


def _not_paid(facts: Facts, at: datetime) -> Decision | None:
    today = facts.day(at)
    counting = _counting(facts, at)
    if any(term.is_paid(today) and not term.is_suspended(today) for term in counting):
        return None
    term = counting[0]
    open_amount = shown(term.fee if term.balance is None else term.balance, term.currency)
    words = f"The annual fee of agreement {term.number} is not paid in full: {open_amount} is open."
    if term.is_lapsed(today):
        return _factory("R8", words, "Reinstate the agreement. That counts for later failures.")
    return _factory("R8", words, f"Pay {open_amount}. We then replace in advance while the return is open.")


def _outside_area(facts: Facts, at: datetime) -> Decision | None:
    if facts.ship_to_serviced:
        return None
    words = "All conditions are met. To this country we ship as fast as we can, without a promised date."
    return Decision(Outcome.ADVANCE, "R9", (words,), ("A place in a country we serve.",), flags=_flags(facts))


def _advance(facts: Facts, at: datetime) -> Decision:
    term = next(one for one in _counting(facts, at) if one.is_paid(facts.day(at)))
    warranty = next(one for one in facts.warranties if contains(one.span, facts.reported_on) and not one.is_void)
    reasons = (
        f"The {warranty.kind.lower()} warranty runs until {_day(warranty.end)}.",
        f"Agreement {term.number} lists this component and was ordered before the failure was reported.",
        "Its annual fee is paid.",
    )
    return Decision(Outcome.ADVANCE, "R10", reasons, promises_date=True, flags=_flags(facts))


RULES: list[Callable[[Facts, datetime], Decision | None]] = [
    _not_reported,
    _not_registered,
    _already_open,
    _software,
    _retired,
    _no_warranty,
    _no_agreement,
    _bought_late,
    _not_paid,
    _outside_area,
]


def _factory(rule: str, words: str, change: str) -> Decision:
    free = "It is in warranty: repair and the way back are free, you pay the way to the factory."
    return Decision(Outcome.FACTORY, rule, (words, free), (change,))


def _flags(facts: Facts) -> tuple[str, ...]:
    return (
        (f"A part is overdue on {facts.overdue_return}: a coordinator releases this.",) if facts.overdue_return else ()
    )


def _candidates(facts: Facts, at: datetime) -> list[Term]:
    """Ordered by now, with this component, and not over when the failure was reported."""
    return [
        term
        for term in facts.terms
        if term.ordered_at is not None
        and term.ordered_at <= at
        and term.cover is not None
        and term.cover[1] >= facts.reported_on
        and (term.covers(facts.reported_on) or _ordered_ahead(term, facts) or _is_late(term, facts))
    ]


def _counting(facts: Facts, at: datetime) -> list[Term]:
    """Of those, the ones that count for this failure: bought before it, or a renewal ordered inside grace."""
    return [term for term in _candidates(facts, at) if not _is_late(term, facts) or _renewed_in_grace(term, facts)]


def _is_late(term: Term, facts: Facts) -> bool:
    return facts.reported_at is not None and term.ordered_at is not None and term.ordered_at > facts.reported_at


def _ordered_ahead(term: Term, facts: Facts) -> bool:
    """Bought inside the free days, for the time after them."""
    return facts.free is not None and contains(facts.free, facts.reported_on) and not _is_late(term, facts)


def _renewed_in_grace(term: Term, facts: Facts) -> bool:
    if term.continues is None or term.ordered_at is None or not term.covers(facts.reported_on):
        return False
    ordered_on = facts.day(term.ordered_at)
    return (ordered_on - term.continues).days <= (term.grace_ends - term.end).days


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


# Support of a ticket -------------------------------------------------------------------------------------------------


class Support(StrEnum):
    NOT_STARTED = "NOT_STARTED"  # sold, not yet put into operation
    FREE = "FREE"
    AGREEMENT = "AGREEMENT"
    GRACE = "GRACE"
    SUSPENDED = "SUSPENDED"
    NONE = "NONE"

    @property
    def is_covered(self) -> bool:
        return self not in (Support.SUSPENDED, Support.NONE)


@dataclass(frozen=True)
class Coverage:
    support: Support
    rule: str
    reasons: tuple[str, ...]
    would_change: tuple[str, ...] = ()
    until: date | None = None  # last covered day
    agreement: str = ""
    rule_set: int = RULE_SET

    @property
    def is_covered(self) -> bool:
        return self.support.is_covered


def support(facts: Facts, at: datetime) -> Coverage:
    """Whether a problem of this component reported at `at` is covered: the free days, an agreement, or its grace."""
    day = facts.day(at)
    running = sorted(
        (
            term
            for term in facts.terms
            if term.ordered_at and term.ordered_at <= at and term.covers(day) and not term.is_lapsed(day)
        ),
        key=lambda term: (term.is_suspended(day), -term.end.toordinal()),
    )
    if facts.free is None or day < facts.free[0]:
        words = "It is not put into operation yet. The 90 free days begin on the day it is."
        return Coverage(Support.NOT_STARTED, "S0", (words,))
    if running and not running[0].is_suspended(day):
        term = running[0]
        words = f"Agreement {term.number} covers it until {_day(term.end)}."
        return Coverage(Support.AGREEMENT, "S2", (words,), until=term.cover and term.cover[1], agreement=term.number)
    if contains(facts.free, day):
        words = f"Support is free until {_day(facts.free[1])}, 90 days after it was put into operation."
        return Coverage(Support.FREE, "S1", (words,), until=facts.free[1])
    known = [term for term in facts.terms if term.ordered_at and term.ordered_at <= at]
    grace = next((term for term in known if term.in_grace(day) and not _followed(term, known)), None)
    if grace and not grace.is_suspended(day):
        words = f"Agreement {grace.number} ended on {_day(grace.end)}. Support goes on until {_day(grace.grace_ends)}."
        change = ("Order the renewal, so that there is no gap.",)
        return Coverage(Support.GRACE, "S3", (words,), change, until=grace.grace_ends, agreement=grace.number)
    if running:
        term = running[0]
        open_amount = shown(term.fee if term.balance is None else term.balance, term.currency)
        words = f"Agreement {term.number} is suspended: {open_amount} is more than 30 days overdue."
        return Coverage(Support.SUSPENDED, "S5", (words,), (f"Pay {open_amount}.",), agreement=term.number)
    return _not_covered(facts, day)


def _followed(term: Term, known: list[Term]) -> bool:
    """Renewed in time: there is no grace beside the term that follows, also when that one is suspended."""
    return any(one.number == term.number and one.start == term.end + DAY and one.cover is not None for one in known)


def _not_covered(facts: Facts, day: date) -> Coverage:
    ended = [term.cover[1] for term in facts.terms if term.ordered_at and term.cover and term.cover[1] < day]
    lapsed = [term for term in facts.terms if term.cover and contains(term.cover, day) and term.is_lapsed(day)]
    if lapsed:
        words = f"Agreement {lapsed[0].number} lapsed: its fee was more than 90 days overdue."
        change = "Reinstate the agreement."
    elif ended:
        words = f"The last agreement for it ended on {_day(max(ended))}."
        change = "Reinstate the agreement."
    else:
        words = f"The 90 free days ended on {_day(facts.free[1])} and no agreement lists it." if facts.free else ""
        change = "Order a support agreement for it."
    return Coverage(Support.NONE, "S4", (words,), (change, ASK_US))
