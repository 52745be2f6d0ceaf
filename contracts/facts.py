"""What a decision about cover is made from: plain values, read once, kept with the decision (docs/coverage.md)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from contracts.terms import GRACE_DAYS, Span, contains, free_window, local_date

SUSPENDED_AFTER = timedelta(days=30)  # past the due date of the fee invoice
LAPSED_AFTER = timedelta(days=90)  # the same; paying later brings it back no more
ATTESTED_FOR = timedelta(days=30)  # past the due date of the reseller's invoice
PAID_TOLERANCE = Decimal("0.00")


@dataclass(frozen=True)
class Warranty:
    kind: str  # STANDARD or EXTENDED
    start: date
    end: date
    is_void: bool = False

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(frozen=True)
class Term:
    """One term of an agreement, as far as it concerns one component."""

    number: str
    start: date
    end: date
    cover_start: date | None  # None: the component is not a line of this agreement
    cover_end: date | None
    ordered_at: datetime | None
    continues: date | None = None  # last day of the term that this one renews without a gap
    currency: str = "USD"
    fee: Decimal = Decimal(0)
    balance: Decimal | None = None  # None: no invoice was issued
    due_on: date | None = None
    settled_on: date | None = None  # value date of the payment that left nothing open
    reversed_on: date | None = None  # value date of the latest payment that the bank took back
    attested: bool = False  # the reseller says that its customer paid
    terminated_on: date | None = None

    @property
    def cover(self) -> Span | None:
        if self.cover_start is None or self.cover_end is None:
            return None
        if self.terminated_on is None:
            return self.cover_start, self.cover_end
        last = min(self.cover_end, self.terminated_on - timedelta(days=1))
        return (self.cover_start, last) if last >= self.cover_start else None

    def covers(self, day: date) -> bool:
        return self.cover is not None and contains(self.cover, day) and not self.paid_too_late(day)

    @property
    def grace_ends(self) -> date:
        return self.end + timedelta(days=GRACE_DAYS)

    def in_grace(self, day: date) -> bool:
        runs_out = self.cover is not None and self.cover[1] == self.end and not self.ended_suspended
        is_terminated = self.terminated_on is not None and day >= self.terminated_on
        return runs_out and self.end < day <= self.grace_ends and not self.is_lapsed(day) and not is_terminated

    @property
    def ended_suspended(self) -> bool:
        """Its last day found the fee more than 30 days overdue: no grace follows, and a payment after it brings none (SA-9)."""
        if self.due_on is None or self.end <= self.due_on + SUSPENDED_AFTER:
            return False
        if self.reversed_on is not None and self.reversed_on > self.end:
            return False  # the bank took it back later
        return self.owes or (self.settled_on is not None and self.settled_on > self.end)

    def is_suspended(self, day: date) -> bool:
        return self.due_on is not None and day > self.due_on + SUSPENDED_AFTER and not self.is_paid(day)

    @property
    def lapses_after(self) -> date | None:
        """The last day on which a payment still helps. A payment that the bank took back gives 90 days of its own."""
        return self.due_on and max(self.due_on, self.reversed_on or self.due_on) + LAPSED_AFTER

    def is_lapsed(self, day: date) -> bool:
        """More than 90 days overdue, then or now: a payment after that starts nothing again (SA-9)."""
        over = self.lapses_after is not None and day > self.lapses_after
        return over and (self.owes or self.paid_too_late(day))

    def paid_too_late(self, day: date) -> bool:
        last = self.lapses_after
        return last is not None and day > last and self.settled_on is not None and self.settled_on > last

    @property
    def owes(self) -> bool:
        return self.balance is None or self.balance > PAID_TOLERANCE

    def is_paid(self, day: date) -> bool:
        """Paid to roZoom, or to a reseller that says so, until its own invoice is 30 days overdue."""
        if not self.owes:
            return True
        return self.attested and (self.due_on is None or day <= self.due_on + ATTESTED_FOR)


@dataclass(frozen=True)
class Facts:
    """Of one component (or serial that nobody knows), at the moment a failure was reported."""

    zone: str
    reported_at: datetime | None
    is_registered: bool = True
    near_serials: tuple[str, ...] = ()
    open_rma: str = ""
    kind: str = "HARDWARE"
    is_retired: bool = False
    end_of_support: date | None = None
    implemented_on: date | None = None
    warranties: tuple[Warranty, ...] = ()
    terms: tuple[Term, ...] = ()
    excluded_damage: str = ""
    unconfirmed_agreement: str = ""  # the reseller that is said to have sold one and never told us
    ship_to_verified: bool = True
    ship_to_serviced: bool = True
    overdue_return: str = ""

    def day(self, at: datetime) -> date:
        """The calendar date of an instant at the component's site."""
        return local_date(at, self.zone)

    @property
    def reported_on(self) -> date:
        if self.reported_at is None:
            raise ValueError("Nothing was reported.")
        return self.day(self.reported_at)

    @property
    def free(self) -> Span | None:
        return free_window(self.implemented_on) if self.implemented_on else None

    def as_json(self) -> dict[str, Any]:
        """To keep with a decision. `Facts.from_json` gives the same facts back."""
        return _plain(asdict(self))

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Facts":
        values = {**kept, "near_serials": tuple(kept["near_serials"])}
        values["warranties"] = tuple(_typed(Warranty, one) for one in kept["warranties"])
        values["terms"] = tuple(_typed(Term, one) for one in kept["terms"])
        return _typed(cls, values)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):  # also an instant
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(kind: Any, values: Mapping[str, Any]) -> Any:
    """The dataclass, its dates, instants and amounts read back from text."""
    hints = get_type_hints(kind)
    return kind(**{name: _read(hints[name], value) for name, value in values.items()})


def _read(hint: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for wanted, read in ((datetime, datetime.fromisoformat), (date, date.fromisoformat), (Decimal, Decimal)):
        if wanted in (hint, *get_args(hint)):
            return read(value)
    return value
