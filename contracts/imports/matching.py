"""Which invoice a bank line pays. Pure: texts and amounts in, an answer with its reason out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.lifecycle import InvoiceState
from rozoom_support.lib.money import shown

# 2026-00012, also torn by the bank's own line breaks: "2026 - 000 12", "2026/00012", "202600012".
NUMBER = re.compile(r"(?<![0-9])(20[0-9]{2}) ?[-–/]? ?([0-9](?: ?[0-9])+)(?![0-9])")
SHORTEST = 5  # digits of a number after its year
CLOSED = {InvoiceState.VOID: "void", InvoiceState.CREDITED: "credited", InvoiceState.WRITTEN_OFF: "written off"}


@dataclass
class Account:
    """What stands on an invoice while a file is gone through. `payments` are those not taken back: (key, amount)."""

    invoice_id: UUID
    number: str
    state: str
    currency: str
    open: Decimal
    payments: list[tuple[Any, Decimal]] = field(default_factory=list)


@dataclass(frozen=True)
class Match:
    """`account` is the invoice to book on, `payment` the key of the payment that is taken back. Else the reason why not."""

    reason: str = ""
    account: Account | None = None
    is_reversal: bool = False
    payment: Any = None


def numbers_in(*texts: str) -> list[str]:
    """Everything that may be an invoice number, most likely first. Digits may be torn by spaces; a cut inside a word of
    digits is none: 2026-00012 15 is 2026-00012 or 2026-0001215, never 2026-000121."""
    found: dict[str, None] = {}
    for text in texts:
        for year, rest in NUMBER.findall(text):
            digits = ""
            for part in rest.split(" "):
                digits += part
                if SHORTEST <= len(digits) <= SHORTEST + 4:
                    found[f"{year}-{digits}"] = None
    return list(found)


def match(amount: Decimal, currency: str, numbers: list[str], accounts: Mapping[str, Account]) -> Match:
    """The one invoice these numbers name, where the amount can be booked on it."""
    if not numbers:
        return Match("There is no invoice number in it.")
    named = [accounts[number] for number in numbers if number in accounts]
    if not named:
        return Match(f"There is no invoice {numbers[0]}.")
    if len(named) > 1:
        return Match(f"It names more than one invoice: {', '.join(one.number for one in named[:5])}.")
    return book(amount, currency, named[0])


def book(amount: Decimal, currency: str, on: Account) -> Match:
    if words := CLOSED.get(InvoiceState(on.state)):
        return Match(f"Invoice {on.number} is {words}.")
    if currency != on.currency:
        return Match(f"Invoice {on.number} is in {on.currency}.")
    if amount < 0:
        return _taken_back(-amount, on)
    if on.open <= 0:
        return Match(f"Invoice {on.number} is paid already.")
    if amount > on.open:
        return Match(f"Only {shown(on.open, on.currency)} is open on invoice {on.number}.")
    return Match(account=on)


def _taken_back(amount: Decimal, on: Account) -> Match:
    """The newest payment of that amount that stands."""
    for key, paid in reversed(on.payments):
        if paid == amount:
            return Match(account=on, is_reversal=True, payment=key)
    return Match(
        f"No payment of {shown(amount, on.currency)} stands on invoice {on.number}, so none can be taken back."
    )


def apply(amount: Decimal, found: Match, key: Any = None) -> None:
    """Keep the account as it is after the booking. `key` names the payment that was made."""
    account = found.account
    if account is None:
        return
    account.open -= amount
    if found.is_reversal:
        account.payments.remove((found.payment, -amount))
    else:
        account.payments.append((key, amount))
