"""That the judge of the fault run sees a mail that is lost, doubled, out of order, hurried or not told of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.faults.arrivals import KILLED, Account, doubles, judged
from bench.faults.ledger import Delivery, Event, Ledger
from bench.faults.post import Copy, PostBox, Refusal
from bench.faults.schedule import Window
from bench.faults.town import Town
from tenancy.actor import Actor

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEGAN = AT.timestamp()
THREAD = "<ticket.c1-1@x.example>"
GONE = {"porter@c1.example": "DATA", "porter@c4.example": "RCPT"}


def answer(number: int, who: str, state: str = "SENT", **more: Any) -> Delivery:
    """A mail of the event of that number, made in its order."""
    at = AT + timedelta(minutes=4)
    mail = Delivery(number * 10, number, who, f"<{number}.{who}>", state, at, THREAD, 1, AT, "")
    return replace(mail, **more)


def right() -> Account:
    """Two answers for two readers and one who is gone. The first was greylisted once; one copy was hidden and came again."""
    head, deputy, gone, other = "head@c1.example", "deputy@c1.example", *GONE
    mails = [
        answer(1, head, attempts=2),
        answer(1, deputy, id=11),
        answer(1, gone, "DEAD", id=12, last_error="the mail server said 554 5.7.1 not wanted here"),
        answer(2, head, attempts=2),
        answer(2, deputy, id=21),
        answer(2, other, "DEAD", id=22, thread="<other>", last_error="the mail server said 550 5.1.1 no such user"),
    ]
    events = [Event(n, "message.added", 1, None, None, "HANDLED", AT, 5, None, AT) for n in (1, 2)]
    events += [Event(3, "mail.undelivered", 1, None, None, "HANDLED", AT, 5, 12, AT)]
    events += [Event(4, "mail.undelivered", 1, None, None, "HANDLED", AT, 5, 22, AT)]
    notices = {3: ["agent@x.example"], 4: ["agent@x.example"]}
    copies = [
        copy(1, deputy, 1),
        copy(1, head, 12),
        copy(2, deputy, 2),
        copy(2, head, 14, hidden="closed"),
        copy(2, head, 30),
    ]
    refusals = [
        Refusal(BEGAN + 1, "DATA", 451, head, f"<1.{head}>"),
        Refusal(BEGAN + 1, "DATA", 554, gone, f"<1.{gone}>"),
        Refusal(BEGAN + 1, "RCPT", 550, other),
    ]
    town = Town(Actor.system("test"), {(9, "agent"): "agent@x.example", (9, "duty"): "duty@x.example"}, {}, GONE)
    box = PostBox(GONE, copies=copies, refusals=refusals)
    return Account(Ledger([], [], events, [], mails, notices), town, box)


def copy(number: int, who: str, after: float, hidden: str = "") -> Copy:
    return Copy(BEGAN + after, f"<{number}.{who}>", who, THREAD, "Subject", hidden)


def with_mails(change: Callable[[list[Delivery]], list[Delivery]]) -> Account:
    account = right()
    return replace(account, ledger=replace(account.ledger, deliveries=change(account.ledger.deliveries)))


def with_events(change: Callable[[list[Event]], list[Event]]) -> Account:
    account = right()
    return replace(account, ledger=replace(account.ledger, events=change(account.ledger.events)))


def with_copies(change: Callable[[list[Copy]], list[Copy]]) -> Account:
    account = right()
    return replace(account, box=replace(account.box, copies=change(account.box.copies)))


def with_refusals(change: Callable[[list[Refusal]], list[Refusal]]) -> Account:
    account = right()
    return replace(account, box=replace(account.box, refusals=change(account.box.refusals)))


def findings(account: Account) -> list[str]:
    return list(judged(account))


def test_what_is_right_is_not_found_wrong() -> None:
    assert findings(right()) == []
    assert dict(doubles(right())) == {"closed": 1}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("is lost", lambda: with_copies(lambda all_of_it: all_of_it[1:])),
        ("nobody wrote it", lambda: with_mails(lambda all_of_it: all_of_it[1:])),
        ("is QUEUED", lambda: with_mails(lambda m: [replace(m[0], state="QUEUED"), *m[1:]])),
        ("share a Message-ID", lambda: with_mails(lambda m: [*m, replace(m[0], id=99)])),
        ("arrived at somebody", lambda: with_copies(lambda c: [replace(c[0], recipient="somebody@x.example"), *c[1:]])),
        ("came again", lambda: with_copies(lambda c: [*c, replace(c[0], at=BEGAN + 1.5)])),
        ("came again", lambda: with_copies(lambda c: [replace(one, hidden="") for one in c])),
        ("of an earlier event", lambda: with_copies(lambda c: [replace(c[0], at=BEGAN + 50), *c[1:]])),
        ("of an earlier event", lambda: with_copies(lambda c: [*c, replace(c[1], at=BEGAN + 40, hidden="")])),
        ("nobody is told", lambda: with_events(lambda events: events[:-1])),
        ("too often", lambda: with_events(lambda events: [*events, replace(events[-1], id=9)])),
        ("was told []", lambda: with_events(lambda events: [*events[:-1], replace(events[-1], id=9)])),
        ("was given up:", lambda: with_mails(lambda m: [replace(m[0], state="DEAD"), *m[1:]])),
        ("who is gone, is SENT", lambda: with_mails(lambda m: [*m[:-1], replace(m[-1], state="SENT")])),
        ("who is gone, is DEAD", lambda: with_mails(lambda m: [*m[:-1], replace(m[-1], last_error="timed out")])),
        ("arrived at porter", lambda: with_copies(lambda c: [*c, copy(1, "porter@c1.example", 60)])),
        ("it was tried again", lambda: with_refusals(lambda r: [*r, replace(r[1], at=BEGAN + 30)])),
        ("tried again after they were refused", lambda: with_refusals(lambda r: [*r, r[2]])),
        ("were given up, and 0 were", lambda: with_refusals(lambda r: r[:2])),
        ("was tried again", lambda: with_copies(lambda c: [c[0], replace(c[1], at=BEGAN + 9), *c[2:]])),
        ("counts 1 attempts", lambda: with_mails(lambda m: [replace(m[0], attempts=1), *m[1:]])),
        ("attempts where", lambda: with_mails(lambda m: [replace(m[0], attempts=7), *m[1:]])),
    ],
)
def test_whatever_is_wrong_is_found(said: str, wrong: Callable[[], Account]) -> None:
    assert any(said in finding for finding in findings(wrong())), findings(wrong())


def test_a_killed_sender_explains_a_double_near_it_and_no_more_of_them_than_there_were_senders() -> None:
    account = with_copies(lambda copies: [*copies, copy(2, "deputy@c1.example", 130)])
    account = replace(account, ledger=with_mails(lambda m: [*m[:4], replace(m[4], attempts=2), *m[5:]]).ledger)
    near, far = Window(BEGAN + 3, BEGAN + 4, ends_sender=True), Window(BEGAN + 60, BEGAN + 61, ends_sender=True)
    frozen = replace(near, ends_sender=False)
    assert findings(replace(account, strikes=[near], most_killed=1)) == []
    assert dict(doubles(replace(account, strikes=[near]))) == {"closed": 1, KILLED: 1}
    assert any("for want of a mark" in one for one in findings(replace(account, strikes=[near], most_killed=0)))
    for other in (far, frozen):
        assert any("came again" in one for one in findings(replace(account, strikes=[other], most_killed=1)))


def test_what_somebody_made_due_at_once_is_not_impatient() -> None:
    account = with_copies(lambda copies: [copies[0], replace(copies[1], at=BEGAN + 5), *copies[2:]])
    assert findings(account) != []
    assert findings(replace(account, hurried=[Window(BEGAN + 3, BEGAN + 4)])) == []
