"""What is printed of the mail: what the server did, what came of it, and how long mails took while nothing was wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.faults import lag
from bench.faults.arrivals import UNDELIVERED, Account, doubles
from bench.faults.schedule import Window

AHEAD = 2.0  # seconds; a mail has a quiet time when nothing goes wrong in them either, however long it takes


def of_mail(account: Account, moods: Counter[str], trouble: Sequence[Window]) -> Iterator[str]:
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
    took = [
        account.copies[one.message_id][0].at - one.created_at.timestamp()
        for one in ledger.deliveries
        if one.message_id in account.copies and _is_quiet(one.created_at.timestamp(), trouble)
    ]
    yield f"row until taken, without a fault  {lag.of(took).of('mails')}"
    known = [
        (one.written_at - one.created_at).total_seconds()
        for one in ledger.events
        if _is_quiet(one.created_at.timestamp(), trouble)
    ]
    yield f"row until notices, without a fault {lag.of(known).of('events')}"


def _said(step: str, code: int) -> str:
    return f"hung up at {step}" if not code else f"{code} at {step}"


def _is_quiet(at: float, trouble: Sequence[Window]) -> bool:
    return not any(window.began <= at + AHEAD and at <= window.ended + lag.AFTERMATH for window in trouble)
