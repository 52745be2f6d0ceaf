"""Bank lines: booked on the invoice they name, or kept until a person says what they are. One by one, through the same deeds
that people use."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from contracts import services
from contracts.imports.matching import Account, Match, apply, match, numbers_in
from contracts.imports.staging import note_problems
from contracts.models import BankLine, ImportRow, ImportRun, Invoice, Payment
from rozoom_support.lib.money import shown
from tenancy.actor import Actor

HEADING = ["Line", "Booked on", "Amount", "Payer", "Text", "What happens"]
BATCH = 500

# Without a number of the bank's own, equal lines of one file are told apart by which of them it is.
FIND = """
UPDATE contracts_importrow r SET fingerprint = f.fingerprint, found_id = b.id,
  outcome = CASE WHEN r.is_bad THEN 'bad' WHEN b.id IS NULL THEN 'new' ELSE 'same' END
FROM (
  SELECT line, encode(sha256(convert_to(
    CASE WHEN reference IS NOT NULL THEN concat_ws(chr(31), 'reference', reference)
    ELSE concat_ws(chr(31), 'line', first_day, amount, currency, coalesce(payer, ''), coalesce(text, ''), row_number() OVER (
      PARTITION BY first_day, amount, currency, payer, text, is_bad, reference ORDER BY line)) END,
    'UTF8')), 'hex') AS fingerprint
  FROM contracts_importrow WHERE run_id = %(run)s) f
LEFT JOIN contracts_bankline b ON b.fingerprint = f.fingerprint
WHERE r.run_id = %(run)s AND r.line = f.line"""
CHECKS = """
WITH r AS NOT MATERIALIZED (SELECT * FROM contracts_importrow WHERE run_id = %(run)s)
SELECT line, 'reference' AS col, reference AS value, format('The same reference stands in line %%s.', first_line) AS reason
  FROM (SELECT line, reference, first_value(line) OVER (PARTITION BY reference ORDER BY line) AS first_line
    FROM r WHERE reference IS NOT NULL) d WHERE line <> first_line
UNION ALL SELECT r.line, 'reference', r.reference, format('This reference was imported before as %%s %%s on %%s. '
    'The column must hold the bank''s own number of the booking.', trim_scale(b.amount), b.currency, b.booked_on)
  FROM r JOIN contracts_bankline b ON b.id = r.found_id
  WHERE r.reference IS NOT NULL AND NOT r.is_bad
    AND (b.amount, b.currency, b.booked_on) IS DISTINCT FROM (r.amount, r.currency, r.first_day)"""


@dataclass(frozen=True)
class Line:
    line: int
    fingerprint: str
    booked_on: date
    amount: Decimal
    currency: str
    payer: str
    text: str
    reference: str


@dataclass(frozen=True)
class Sorted:
    """How many bank lines of a file would be booked and how many wait for a person, with the first rows of each to show."""

    booked: int
    waiting: int
    booked_rows: list[list[Any]]
    waiting_rows: list[list[Any]]


def judge(run_id: UUID) -> int:
    """Fill what the database says about each row. Returns how many faults it found."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"run": run_id})
    return note_problems(run_id, CHECKS)


def sort(run_id: UUID, most: int) -> Sorted:
    """What booking would do, line by line, without booking."""
    booked, waiting = 0, 0
    booked_rows: list[list[Any]] = []
    waiting_rows: list[list[Any]] = []
    for line, found in _matched(run_id):
        apply(line.amount, found)
        if found.account is not None:
            booked += 1
            rows, words = booked_rows, _booking_words(found)
        else:
            waiting += 1
            rows, words = waiting_rows, found.reason
        if len(rows) < most:
            rows.append(_shown(line, words))
    return Sorted(booked, waiting, booked_rows, waiting_rows)


def seen_before(run_id: UUID, most: int) -> list[list[Any]]:
    rows = ImportRow.objects.filter(run_id=run_id, outcome="same").order_by("line")[:most]
    return [_shown(_line(row), "imported before") for row in rows]


def write(run: ImportRun, actor: Actor, now: datetime) -> str:
    """Book what matches and keep the rest. Returns what is to be said of it."""
    batch: list[BankLine] = []
    booked = waiting = 0
    for line, found in _matched(run.pk):
        reason, key = _book(actor, line, found, now)
        if reason:
            waiting += 1
        else:
            booked += 1
            apply(line.amount, found, key)
        batch.append(_kept(run, line, found if not reason else Match(reason), actor, now))
        if len(batch) >= BATCH:
            BankLine.objects.bulk_create(batch)
            batch = []
    BankLine.objects.bulk_create(batch)
    return f"{booked:,} booked, {waiting:,} wait for a person"


def accounts_of(numbers: list[str]) -> dict[str, Account]:
    found = Invoice.objects.filter(number__in=numbers).prefetch_related("payments", "credits")
    return {invoice.number: account_of(invoice) for invoice in found}


def account_of(invoice: Invoice) -> Account:
    payments = sorted(invoice.payments.all(), key=lambda one: one.pk)
    taken_back = {one.reverses_id for one in payments}
    standing = [(one.pk, one.amount) for one in payments if one.reverses_id is None and one.pk not in taken_back]
    return Account(invoice.pk, invoice.number, invoice.state, invoice.currency, invoice.balance(), standing)


def book_match(
    actor: Actor, found: Match, amount: Decimal, *, value_date: date, reference: str, now: datetime
) -> Payment:
    """The deed behind a match. Raises CannotBill when the invoice changed meanwhile."""
    if found.account is None:
        raise ValueError(found.reason)
    if found.is_reversal:
        payment = Payment.objects.select_related("invoice").get(pk=found.payment)
        return services.reverse_payment(
            actor=actor, payment=payment, value_date=value_date, now=now, reference=reference
        )
    invoice = Invoice.objects.get(pk=found.account.invoice_id)
    return services.record_payment(
        actor=actor, invoice=invoice, amount=amount, value_date=value_date, now=now, reference=reference
    )


def _book(actor: Actor, line: Line, found: Match, now: datetime) -> tuple[str, Any]:
    """The reason why it waits, or nothing and the key of the payment."""
    if found.account is None:
        return found.reason, None
    try:
        payment = book_match(actor, found, line.amount, value_date=line.booked_on, reference=line.reference, now=now)
    except services.CannotBill as refused:
        return refused.message, None
    return "", payment.pk


def _matched(run_id: UUID) -> Iterator[tuple[Line, Match]]:
    """New lines by day, money in before money back. The caller applies each before it takes the next."""
    accounts: dict[str, Account] = {}
    known: set[str] = set()
    rows = ImportRow.objects.filter(run_id=run_id, outcome="new")
    keys: list[Any] = list(rows.values_list("line", "first_day", "amount"))
    keys.sort(key=lambda one: (one[1], one[2] < 0, one[0]))
    for start in range(0, len(keys), BATCH):
        wanted = [line for line, _, _ in keys[start : start + BATCH]]
        found = {row.line: _line(row) for row in ImportRow.objects.filter(run_id=run_id, line__in=wanted)}
        named = {number: numbers_in(one.text, one.reference) for number, one in found.items()}
        fresh = {number for numbers in named.values() for number in numbers} - known
        accounts.update(accounts_of(sorted(fresh)))
        known |= fresh
        for number in wanted:
            line = found[number]
            yield line, match(line.amount, line.currency, named[number], accounts)


def _line(row: ImportRow) -> Line:
    """Of a row that is good: its day, amount, currency and fingerprint are there."""
    if row.first_day is None or row.amount is None or row.currency is None or row.fingerprint is None:
        raise ValueError(f"line {row.line} is not a good row")
    return Line(
        row.line,
        row.fingerprint,
        row.first_day,
        row.amount,
        row.currency,
        row.payer or "",
        row.text or "",
        row.reference or "",
    )


def _kept(run: ImportRun, line: Line, found: Match, actor: Actor, now: datetime) -> BankLine:
    is_booked = found.account is not None
    return BankLine(
        run=run,
        line=line.line,
        fingerprint=line.fingerprint,
        booked_on=line.booked_on,
        amount=line.amount,
        currency=line.currency,
        payer=line.payer,
        text=line.text,
        reference=line.reference,
        state=BankLine.State.MATCHED if is_booked else BankLine.State.UNMATCHED,
        reason=found.reason[:300],
        invoice_number=found.account.number if found.account else "",
        settled_by_name=actor.name[:120] if is_booked else "",
        settled_at=now if is_booked else None,
    )


def _booking_words(found: Match) -> str:
    number = found.account.number if found.account else ""
    return f"takes back a payment of invoice {number}" if found.is_reversal else f"is booked on invoice {number}"


def _shown(line: Line, words: str) -> list[Any]:
    return [line.line, line.booked_on.isoformat(), shown(line.amount, line.currency), line.payer, line.text, words]
