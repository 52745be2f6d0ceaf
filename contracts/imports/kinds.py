"""The kinds of file that can be imported: their columns, and who may."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from contracts.imports import cells
from contracts.models import ImportRun
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor

Values = Mapping[str, str]
Wrong = tuple[str, str]  # column and reason


@dataclass(frozen=True)
class Column:
    """`field` is where ImportRow keeps it. A column that is not needed may be left out of the file."""

    name: str
    field: str
    check: cells.Check
    hint: str
    needed: bool = True


@dataclass(frozen=True)
class Kind:
    name: str
    label: str
    capability: str
    columns: tuple[Column, ...]
    check_row: Callable[[Values], Iterator[Wrong]]
    sample: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def needed(self) -> list[str]:
        return [column.name for column in self.columns if column.needed]

    @property
    def list_of_columns(self) -> str:
        """For messages: product, serial, location (optional)."""
        return ", ".join(f"{column.name}{'' if column.needed else ' (optional)'}" for column in self.columns)


def _price_row(values: Values) -> Iterator[Wrong]:
    yield from _digits(values, "list_price")
    yield from _in_order(values, "valid_from", "valid_to")


def _component_row(values: Values) -> Iterator[Wrong]:
    yield from _in_order(values, "implemented_on", "warranty_until")


def _payment_row(values: Values) -> Iterator[Wrong]:
    yield from _digits(values, "amount")


def _digits(values: Values, name: str) -> Iterator[Wrong]:
    amount, currency = values.get(name), values.get("currency")
    if amount and currency and (reason := cells.digits_fit(amount, currency)):
        yield name, reason


def _in_order(values: Values, first: str, last: str) -> Iterator[Wrong]:
    if values.get(first) and values.get(last) and values[last] < values[first]:  # ISO dates sort as texts
        yield last, f"It lies before {first}, {values[first]}."


PRICES = Kind(
    ImportRun.Kind.PRICES,
    "Price list",
    "price:manage",
    (
        Column("product", "product", cells.code(40), "SKU of the catalogue"),
        Column("currency", "currency", cells.currency, "three letters, such as EUR"),
        Column("list_price", "amount", cells.price, "with a decimal point, not negative"),
        Column("valid_from", "first_day", cells.day, "first day, such as 2027-01-01"),
        Column("valid_to", "last_day", cells.day, "last day; empty: until the next price begins", needed=False),
    ),
    _price_row,
    (("DC-7", "EUR", "8400.00", "2027-01-01", ""), ("DC-7", "JPY", "1350000", "2027-01-01", "2027-12-31")),
)
COMPONENTS = Kind(
    ImportRun.Kind.COMPONENTS,
    "Components",
    "component:manage",
    (
        Column("customer", "customer", cells.code(12), "code of the customer, such as ACME"),
        Column("site", "site", cells.text(120), "name of the site"),
        Column("product", "product", cells.code(40), "SKU of the catalogue"),
        Column("serial", "serial", cells.serial, "as on the label; spaces, dashes and case do not matter"),
        Column("location", "location", cells.text(120), "where at the site", needed=False),
        Column("implemented_on", "first_day", cells.day, "day it was put into operation", needed=False),
        Column("warranty_until", "last_day", cells.day, "last day of the standard warranty", needed=False),
        Column("site_time_zone", "zone", cells.zone, "makes the site when it is new: Europe/Berlin", needed=False),
    ),
    _component_row,
    (
        ("ACME", "Plant 2", "DC-7", "7F-2230", "Lift 2", "2026-09-20", "2028-09-19", "Europe/Berlin"),
        ("ACME", "Plant 2", "DK-2", "DK2-0418", "Lift 2, level 0", "", "", ""),
    ),
)
PAYMENTS = Kind(
    ImportRun.Kind.PAYMENTS,
    "Payments",
    "invoice:manage",
    (
        Column("booked_on", "first_day", cells.day, "value date, such as 2026-11-23"),
        Column("amount", "amount", cells.booking, "with a decimal point; with a minus: money that went back"),
        Column("currency", "currency", cells.currency, "three letters, such as EUR"),
        Column("payer", "payer", cells.text(160), "who paid"),
        Column("text", "text", cells.text(300), "what the payer wrote, with the invoice number"),
        Column("reference", "reference", cells.text(120), "the bank's own number of the booking, unique", needed=False),
    ),
    _payment_row,
    (
        ("2026-11-23", "1680.00", "EUR", "Acme Lifts GmbH", "Invoice 2026-00012", "BK-778120"),
        ("2026-11-24", "-1680.00", "EUR", "Acme Lifts GmbH", "Returned: invoice 2026-00012", "BK-778391"),
    ),
)
KINDS = {kind.name: kind for kind in (PRICES, COMPONENTS, PAYMENTS)}
MAY_BE_EMPTY = {"payer", "text"}  # the columns must stand there, a cell may have nothing


def kinds_for(actor: Actor) -> list[Kind]:
    return [kind for kind in KINDS.values() if actor.can(kind.capability)]


def kind_for(actor: Actor, name: str) -> Kind:
    """The kind by its name in any case. Raises NotFound for another, and for one this role may not import."""
    kind = KINDS.get(name.upper())
    if kind is None or not actor.can(kind.capability):
        raise NotFound
    return kind
