"""What people do with imports: bring a file, let it be written or drop it, and say what a bank line is."""

import hashlib
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction

from contracts.imports.kinds import KINDS, Kind
from contracts.imports.matching import Match, book
from contracts.imports.payments import account_of, book_match
from contracts.models import BankLine, ImportRun, Invoice
from contracts.services import CannotBill
from rozoom_support.lib.ids import new_id
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor

FOLDER = "imports"
State, Mode = ImportRun.State, ImportRun.Mode


class CannotImport(Refused):
    code = "cannot_import"


class CannotSettle(Refused):
    code = "cannot_settle"


def too_large(name: str) -> str:
    return f"{name} must be smaller than {settings.LIMITS['import_bytes'] // (1024 * 1024)} MB. Cut it in parts."


def clean_name(name: str) -> str:
    base = PurePath(name.replace("\\", "/")).name
    return "".join(sign for sign in base if sign.isprintable()).strip()[-160:] or "file.csv"


@transaction.atomic
def start_import(
    *, actor: Actor, kind: Kind, upload: Any, now: datetime, lease_until: datetime | None = None
) -> ImportRun:
    """Keep the file (a Django File), to be read by a worker. `lease_until`: the caller reads it itself, until then."""
    actor.require(kind.capability)
    name = clean_name(upload.name or "")
    if upload.size == 0:
        raise CannotImport(f"{name} is empty. Choose the file again.", param="file")
    if upload.size > settings.LIMITS["import_bytes"]:
        raise CannotImport(too_large(name), param="file")
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    key = new_id()
    return ImportRun.objects.create(
        pk=key,
        kind=kind.name,
        file_name=name,
        stored_as=default_storage.save(f"{FOLDER}/{key.hex}", File(upload)),
        sha256=digest.hexdigest(),
        size=upload.size,
        by_id=actor.person_id,
        by_name=actor.name[:120],
        created_at=now,
        lease_until=lease_until,
    )


@transaction.atomic
def write_import(
    *, actor: Actor, run: ImportRun, mode: str, now: datetime, lease_until: datetime | None = None
) -> ImportRun:
    """Let what was read be written: all rows, or the good ones. From here on `actor` answers for it."""
    actor.require(KINDS[run.kind].capability)
    run = _held(run)
    if mode not in Mode.values:
        raise CannotImport("Say whether all rows are written or the good ones only.", param="mode")
    if mode == Mode.ALL and run.bad:
        raise CannotImport(f"{_rows(run.bad)} not good. Mend the file, or write the good rows only.")
    if not run.new and not run.changed:
        raise CannotImport("There is nothing to write: no row is new or changed.")
    run.mode, run.state, run.attempts, run.done = mode, State.QUEUED, 0, 0
    run.message, run.lease_until = "", lease_until
    run.by_id, run.by_name = actor.person_id, actor.name[:120]
    fields = ["mode", "state", "attempts", "done", "message", "lease_until", "by_id", "by_name"]
    run.save(update_fields=fields)
    return run


@transaction.atomic
def drop_import(*, actor: Actor, run: ImportRun, now: datetime) -> ImportRun:
    actor.require(KINDS[run.kind].capability)
    run = _held(run)
    run.state, run.finished_at = State.DROPPED, now
    run.save(update_fields=["state", "finished_at"])
    return run


def _held(run: ImportRun) -> ImportRun:
    """Locked, and waiting for a decision."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.state != State.CHECKED:
        raise CannotImport(f"This file is not waiting for you any more: {run.get_state_display().lower()}.")
    return run


def _rows(count: int) -> str:
    return f"{count:,} row{'s are' if count != 1 else ' is'}"


# Bank lines


@transaction.atomic
def book_bank_line(*, actor: Actor, line: BankLine, number: str, now: datetime) -> BankLine:
    """Book it on the invoice that a person names, under the rules of the import. Raises CannotSettle."""
    actor.require("invoice:manage")
    line = _open_line(line)
    number = "".join(number.split())
    if not number:
        raise CannotSettle("Enter the number of the invoice.", param="number")
    invoice = Invoice.objects.filter(number=number).prefetch_related("payments", "credits").first()
    found = (
        book(line.amount, line.currency, account_of(invoice)) if invoice else Match(f"There is no invoice {number}.")
    )
    if found.account is None:
        raise CannotSettle(found.reason, param="number")
    try:
        book_match(actor, found, line.amount, value_date=line.booked_on, reference=line.reference, now=now)
    except CannotBill as refused:
        raise CannotSettle(refused.message, param="number") from refused
    return _settle(line, actor, now, state=BankLine.State.MATCHED, reason="", invoice_number=number)


@transaction.atomic
def set_bank_line_aside(*, actor: Actor, line: BankLine, reason: str, now: datetime) -> BankLine:
    """It pays no invoice of ours, and somebody said why. It can still be booked later."""
    actor.require("invoice:manage")
    line = _open_line(line)
    reason = " ".join(reason.split())
    if not reason:
        raise CannotSettle("Say why it pays no invoice.", param="reason")
    return _settle(line, actor, now, state=BankLine.State.SET_ASIDE, reason=reason[:300], invoice_number="")


def _open_line(line: BankLine) -> BankLine:
    line = BankLine.objects.select_for_update().get(pk=line.pk)
    if line.state == BankLine.State.MATCHED:
        raise CannotSettle(f"{line.settled_by_name} booked this line on invoice {line.invoice_number} already.")
    return line


def _settle(line: BankLine, actor: Actor, now: datetime, **values: str) -> BankLine:
    for name, value in values.items():
        setattr(line, name, value)
    line.settled_by_name, line.settled_at = actor.name[:120], now
    line.save(update_fields=[*values, "settled_by_name", "settled_at"])
    return line
