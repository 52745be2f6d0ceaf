"""What is printed of the mail: what the server did, what came of it, and how long mails took, also when all was well again."""

import math
from collections import Counter
from collections.abc import Iterator

from bench.faults import lag
from bench.faults.arrivals import UNDELIVERED, Account, doubles


def of_mail(account: Account, moods: Counter[str], well_since: float) -> Iterator[str]:
    """`well_since`: from then on nothing was wrong and nothing waited."""
    ledger, box = account.ledger, account.box
    yield "mail server: " + ", ".join(f"{count} {name}" for name, count in sorted(moods.items()))
    said = Counter(_said(one.step, one.code) for one in box.refusals)
    yield "it said: " + ", ".join(f"{count:,} {name}" for name, count in sorted(said.items()))
    states = Counter(one.state for one in ledger.deliveries)
    attempts = [one.attempts for one in ledger.deliveries]
    yield (
        f"{states['SENT']:,} mails sent, {states['DROPPED']:,} not needed any more, {states['DEAD']:,} given up and told to staff "
        f"{sum(one.topic == UNDELIVERED for one in ledger.events):,} times; {sum(attempts):,} attempts, {max(attempts, default=0)} at most"
    )
    again = doubles(account)
    reasons = "".join(f", {count} {reason or 'WITHOUT REASON'}" for reason, count in again.most_common())
    hidden = Counter(copy.hidden for copy in box.copies if copy.hidden)
    yield f"{len(box.copies):,} copies taken, {sum(hidden.values())} without our knowing; {sum(again.values())} too many{reasons}"
    for name, began, ended in (("while it lasted", 0.0, well_since), ("all well again", well_since, math.inf)):
        yield f"row until taken, {name}   {lag.of(_taken(account, began, ended)).of('mails')}"
        yield f"row until notices, {name} {lag.of(_noticed(account, began, ended)).of('events')}"


def _taken(account: Account, began: float, ended: float) -> Iterator[float]:
    for one in account.ledger.deliveries:
        if one.message_id in account.copies and began <= (at := one.created_at.timestamp()) < ended:
            yield account.copies[one.message_id][0].at - at


def _noticed(account: Account, began: float, ended: float) -> Iterator[float]:
    for one in account.ledger.events:
        if began <= (at := one.created_at.timestamp()) < ended:
            yield one.written_at.timestamp() - at


def _said(step: str, code: int) -> str:
    return f"hung up at {step}" if not code else f"{code} at {step}"
