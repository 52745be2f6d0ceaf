"""Whether every mail arrived: once, in order, after pauses, or was refused for ever and its staff told. Findings are sentences.

What the mail server wrote down is held against what the database says and what docs/promise.md promises.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from bench.faults.ledger import Delivery, Ledger
from bench.faults.post import Copy, PostBox, Refusal
from bench.faults.schedule import Window
from bench.faults.town import Town

# Of ADR 15, written down again: pauses double from 15 s, less up to a third; a killed sender's lease ends after 120 s.
SHORTEST_PAUSE, LEASE = 10.0, 120.0
CLOCKS_DIFFER = 0.1  # seconds between the server's note and the database's
MARK_WITHIN = 10.0  # seconds in which a sender that lives has marked what was taken, whatever PostgreSQL does meanwhile
KILLED = "its sender was killed or PostgreSQL ended before it was marked"
UNDELIVERED = "mail.undelivered"
Seen = TypeVar("Seen", bound=Copy | Refusal)


@dataclass(frozen=True)
class Account:
    """All there is to judge by. `strikes`: when senders may have ended. `hurried`: when what waited was made due at once."""

    ledger: Ledger
    town: Town
    box: PostBox
    strikes: Sequence[Window] = ()
    hurried: Sequence[Window] = ()
    most_killed: int = 0  # mails that may have been between the server's word and our mark in all those strikes
    seen: dict[str, list[Copy | Refusal]] = field(init=False)
    copies: dict[str, list[Copy]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "copies", _by_mail(self.box.copies))
        object.__setattr__(self, "seen", _by_mail([*self.box.copies, *self.box.refusals]))

    def excuse(self, one: Copy | Refusal) -> str:
        """Why the client may not know of it, or ""."""
        if isinstance(one, Copy) and one.hidden:
            return one.hidden
        began, ended = one.at - CLOCKS_DIFFER, one.at + MARK_WITHIN
        return KILLED if any(w.began <= ended and w.ended >= began for w in self.strikes if w.ends_sender) else ""


def judged(account: Account) -> Iterator[str]:
    yield from arrived(account)
    yield from once(account)
    yield from refused(account)
    yield from staff_told(account)
    yield from in_order(account)
    yield from patient(account)


def arrived(account: Account) -> Iterator[str]:
    """What was sent is there, and nothing else is."""
    mails = {one.message_id: one for one in account.ledger.deliveries}
    if len(mails) != len(account.ledger.deliveries):
        yield "two mails share a Message-ID"
    for copy in account.box.copies:
        mail = mails.get(copy.message_id)
        if mail is None:
            yield f"{copy.message_id} arrived, and nobody wrote it"
        elif mail.recipient != copy.recipient:
            yield f"mail {mail.id} to {mail.recipient} arrived at {copy.recipient}"
    for mail in mails.values():
        if mail.state not in ("SENT", "DROPPED", "DEAD"):
            yield f"mail {mail.id} is {mail.state}"
        if mail.state == "SENT" and not account.copies.get(mail.message_id):
            yield f"mail {mail.id} is lost"


def once(account: Account) -> Iterator[str]:
    """Another copy only of what the server has and we could not know, each time."""
    for message_id, copies in account.copies.items():
        for copy in copies[:-1]:
            if not account.excuse(copy):
                yield f"{message_id} was taken at {copy.at:.3f}, its sender lived, and it came again"
    if (found := doubles(account)[KILLED]) > account.most_killed:
        yield f"{found} mails came twice for want of a mark; the faults explain {account.most_killed}"


def doubles(account: Account) -> Counter[str]:
    """How many copies too many, by reason."""
    return Counter(account.excuse(copy) for copies in account.copies.values() for copy in copies[:-1])


def refused(account: Account) -> Iterator[str]:
    """What the server refuses for ever is given up at once, and nothing else is."""
    gone = account.box.gone
    for mail in account.ledger.deliveries:
        if mail.recipient not in gone:
            if mail.state == "DEAD":
                yield f"mail {mail.id} to {mail.recipient} was given up: {mail.last_error}"
        elif mail.state != "DEAD" or " 55" not in mail.last_error:
            yield f"mail {mail.id} to {mail.recipient}, who is gone, is {mail.state}: {mail.last_error}"
        if mail.recipient in gone and account.copies.get(mail.message_id):
            yield f"mail {mail.id} arrived at {mail.recipient}, who is gone"
    for_ever = [one for one in account.box.refusals if one.code >= 500]
    for one in for_ever:
        later = [other for other in account.seen.get(one.message_id, ()) if other.at > one.at] if one.message_id else []
        if later and not account.excuse(one):
            yield f"{one.message_id} was refused for ever at {one.at:.3f}, its sender lived, and it was tried again"
    told = Counter(one.recipient for one in for_ever)
    given_up = Counter(mail.recipient for mail in account.ledger.deliveries if mail.state == "DEAD")
    if (more := sum(told.values()) - sum((told & given_up).values())) > account.most_killed:
        yield f"{more} mails were tried again after they were refused for ever; the faults explain {account.most_killed}"
    for address in gone:
        if given_up[address] > told[address]:
            yield f"{given_up[address]} mails to {address} were given up, and {told[address]} were refused"


def staff_told(account: Account) -> Iterator[str]:
    """Of each mail that was given up, once, everybody at roZoom who has its ticket."""
    desk = sorted({address for (_, who), address in account.town.addresses.items() if who == "agent"})
    said = Counter(one.delivery_id for one in account.ledger.events if one.topic == UNDELIVERED)
    dead = Counter(mail.id for mail in account.ledger.deliveries if mail.state == "DEAD")
    if missing := dead - said:
        yield f"nobody is told that mails {sorted(missing)[:5]} were given up"
    if too_many := said - dead:
        yield f"staff is told too often that mails {list(too_many)[:5]} were given up"
    for event in account.ledger.events:
        if event.topic == UNDELIVERED and (found := sorted(account.ledger.notices.get(event.id, []))) != desk:
            yield f"that mail {event.delivery_id} was given up was told {found}, not {desk}"


def in_order(account: Account) -> Iterator[str]:
    """Of one ticket's thread a reader gets one after the other, in the order of the deeds."""
    threads: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for mail in account.ledger.deliveries:
        if mail.thread and account.copies.get(mail.message_id):
            threads[mail.thread, mail.recipient].append(mail)
    for (thread, recipient), mails in threads.items():
        for before, after in pairwise(sorted(mails, key=lambda mail: (mail.event_id, mail.id))):
            came, followed = account.copies[before.message_id][-1].at, account.copies[after.message_id][0].at
            if came >= followed:
                yield f"in {thread} mail {after.id} came to {recipient} before mail {before.id} of an earlier event"


def patient(account: Account) -> Iterator[str]:
    """Nothing is tried again sooner than its pause, nor more often than pauses fit in; each try counts before it is made."""
    for mail in account.ledger.deliveries:
        seen = account.seen.get(mail.message_id, [])
        if mail.attempts < len(seen):
            yield f"mail {mail.id} was seen {len(seen)} times and counts {mail.attempts} attempts"
        for number, (one, other) in enumerate(pairwise(seen), start=1):
            pause = other.at - one.at
            if pause < _pause(number) - CLOCKS_DIFFER and not _hurried(account, one.at, other.at):
                yield f"mail {mail.id} was tried again {pause:.1f} s after attempt {number} or a later one"
        most = _most_attempts(account, mail)
        if mail.attempts > most:
            yield f"mail {mail.id} counts {mail.attempts} attempts where {most} fit in"


def _pause(attempt: int) -> float:
    """The shortest one after so many attempts. The lease of a killed sender is over sooner than a long pause."""
    return min(SHORTEST_PAUSE * 2 ** (attempt - 1), LEASE)


def _hurried(account: Account, began: float, ended: float) -> int:
    return sum(window.began <= ended and window.ended >= began for window in account.hurried)


def _most_attempts(account: Account, mail: Delivery) -> int:
    began, ended = mail.created_at.timestamp(), mail.written_at.timestamp()
    left, attempts = ended - began + CLOCKS_DIFFER, 1
    while (left := left - _pause(attempts)) >= 0:
        attempts += 1
    return attempts + _hurried(account, began, ended)


def _by_mail(what: Sequence[Seen]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    for one in sorted(what, key=lambda one: one.at):
        if one.message_id:
            found[one.message_id].append(one)
    return dict(found)
