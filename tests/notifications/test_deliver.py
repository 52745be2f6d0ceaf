"""Sending to a real mail server, and everything it may answer."""

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from notifications import delivery, tasks
from notifications.delivery import BATCH, MAX_ATTEMPTS, claim, deliver, sender_slot
from notifications.handlers import Mail
from notifications.models import Delivery
from notifications.tasks import work
from tenancy.context import work_unit
from tests.notifications.outbox import WORKER, emit, events, let_time_pass, mails, queue, states
from tests.notifications.smtp import Handler, MailServer
from tests.world import World


def one() -> Delivery:
    (mail,) = mails()
    return mail


def pause() -> float:
    """Seconds until the only mail is tried again."""
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM next_at - now()) FROM notifications_delivery")
        return float(cursor.fetchone()[0])


def loudness(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.levelname for record in caplog.records if record.name.startswith("notifications.")]


def test_a_mail_arrives_as_it_was_written(db: Any, mail_server: Handler) -> None:
    queue(subject="Lift 2 – stands still", text="Grüße", html="<p>Grüße</p>", headers={"X-Ticket": "ACME-1"})
    assert deliver(seconds=5) == 1
    (mail,) = mail_server.mails
    assert mail["Message-ID"] == "<rozoom.mail.1@rozoom.example>"
    assert mail["From"] == "roZoom Support <support@rozoom.example>"
    assert (mail["To"], mail["X-Ticket"], mail["Auto-Submitted"]) == ("p1@test.example", "ACME-1", "auto-generated")
    assert "=?utf-8?" in mail["Subject"]
    text, html = (part.get_payload(decode=True).decode().strip() for part in mail.get_payload())
    assert (text, html) == ("Grüße", "<p>Grüße</p>")
    sent = one()
    assert (sent.state, sent.attempts, sent.leased_by, sent.lease_until) == ("SENT", 1, "", None)
    assert sent.sent_at is not None
    assert deliver(seconds=5) == 0


def test_one_connection_serves_many_mails(db: Any, mail_server: Handler) -> None:
    queue(BATCH + 5)
    assert deliver(seconds=10) == BATCH + 5
    assert len(mail_server.sessions) == 1
    assert len(set(mail_server.message_ids)) == BATCH + 5


def test_a_server_that_hangs_up_between_mails_gets_each_once_and_at_the_first_attempt(
    db: Any, mail_server: Handler
) -> None:
    mail_server.hang_up_after = 2
    queue(6)
    assert deliver(seconds=5) == 6
    assert [mail.attempts for mail in mails()] == [1] * 6
    assert mail_server.message_ids == [f"<rozoom.mail.{n}@rozoom.example>" for n in range(1, 7)]


def test_a_server_that_takes_two_mails_over_each_connection_puts_none_off(db: Any, mail_server: Handler) -> None:
    mail_server.used_up_after = 2
    queue(7)
    assert deliver(seconds=5) == 7
    assert [mail.attempts for mail in mails()] == [1] * 7
    assert mail_server.message_ids == [f"<rozoom.mail.{n}@rozoom.example>" for n in range(1, 8)]


def test_a_server_that_says_421_to_a_mail_over_two_connections_gets_no_third(db: Any, mail_server: Handler) -> None:
    asked: list[str] = []
    mail_server.at_rcpt = lambda address: asked.append(address) or ("421 busy" if address.startswith("p2") else None)
    queue(3)
    assert deliver(seconds=5) == 2
    assert [(mail.state, mail.attempts) for mail in mails()] == [("SENT", 1), ("QUEUED", 1), ("SENT", 1)]
    assert [address.partition("@")[0] for address in asked] == ["p1", "p2", "p2", "p3"]


def test_the_most_severe_go_first(db: Any, mail_server: Handler) -> None:
    for severity in (3, 2, 1):
        queue(dedup=f"mail.severity{severity}", severity=severity)
    deliver(seconds=5)
    assert mail_server.message_ids == [f"<rozoom.mail.severity{n}@rozoom.example>" for n in (1, 2, 3)]


TEMPORARY = ["421 4.3.2 closing", "450 4.2.0 greylisted", "451 4.3.0 try later", "452 4.2.2 full"]
PERMANENT = ["550 5.1.1 no such user", "552 5.3.4 too big", "554 5.7.1 not from you"]


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
@pytest.mark.parametrize("answer", TEMPORARY)
def test_a_temporary_refusal_is_tried_again_later(db: Any, mail_server: Handler, where: str, answer: str) -> None:
    setattr(mail_server, where, lambda subject: answer)
    queue()
    assert deliver(seconds=5) == 0
    waiting = one()
    assert (waiting.state, waiting.attempts, waiting.leased_by) == ("QUEUED", 1, "")
    assert answer[:3] in waiting.last_error
    assert 9 < pause() <= 15
    setattr(mail_server, where, lambda subject: None)
    assert deliver(seconds=5) == 0
    let_time_pass()
    assert deliver(seconds=5) == 1
    assert (one().state, one().attempts, one().last_error) == ("SENT", 2, "")


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
@pytest.mark.parametrize("answer", PERMANENT)
def test_a_refusal_for_good_is_dead_at_once_and_said_aloud(
    db: Any, mail_server: Handler, where: str, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    setattr(mail_server, where, lambda subject: answer)
    queue()
    assert deliver(seconds=5) == 0
    dead = one()
    assert (dead.state, dead.attempts) == ("DEAD", 1)
    assert answer[:3] in dead.last_error
    assert loudness(caplog) == ["CRITICAL"]
    assert "p1@test.example" not in caplog.text


def test_one_refused_mail_holds_up_no_other(db: Any, mail_server: Handler) -> None:
    mail_server.at_rcpt = lambda address: "550 no" if address.startswith("p2@") else None
    queue(4)
    assert deliver(seconds=5) == 3
    assert states(mails()) == ["SENT", "DEAD", "SENT", "SENT"]


def test_a_line_cut_after_the_data_is_the_one_recognisable_double(db: Any, mail_server: Handler) -> None:
    mail_server.hang_up_after_data = True
    queue()
    assert deliver(seconds=5) == 0
    assert (one().state, one().attempts) == ("QUEUED", 1)
    mail_server.hang_up_after_data = False
    let_time_pass()
    assert deliver(seconds=5) == 1
    assert mail_server.message_ids == ["<rozoom.mail.1@rozoom.example>"] * 2


def test_a_server_that_is_away_uses_up_nobodys_attempts(
    db: Any, mail_server: Handler, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    queue(3)
    assert deliver(seconds=5) == 0
    assert {(mail.state, mail.attempts, mail.leased_by) for mail in mails()} == {("QUEUED", 0, "")}
    assert all("ConnectionRefusedError" in mail.last_error for mail in mails())
    assert deliver(seconds=5) == 0  # not before its pause is over
    assert loudness(caplog) == ["WARNING"]
    settings.EMAIL_PORT = port
    let_time_pass()
    assert deliver(seconds=5) == 3


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_password_that_is_missing_is_our_problem_and_no_mails(db: Any, mail_server: Handler, settings: Any) -> None:
    queue(2)
    server = MailServer(mail_server, auth_required=True, auth_require_tls=False)
    server.start()
    try:
        settings.EMAIL_PORT = server.port
        assert deliver(seconds=5) == 0
    finally:
        server.stop(no_assert=True)
    assert {(mail.state, mail.attempts) for mail in mails()} == {("QUEUED", 0)}
    assert "530" in mails()[0].last_error


def test_a_server_that_never_answers_costs_one_timeout(db: Any, mail_server: Handler, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = silent.getsockname()[1], 0.5
        queue(5)
        began = time.monotonic()
        assert deliver(seconds=10) == 0
    assert time.monotonic() - began < 2
    assert {mail.attempts for mail in mails()} == {0}


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "ö ö@test.example", "x\r\ny@test.example"])
def test_a_mail_that_can_not_be_written_is_dead_and_holds_up_nobody(
    db: Any, mail_server: Handler, address: str
) -> None:
    mail_server.at_rcpt = lambda rcpt: None if rcpt == "fine@test.example" else "553 5.1.3 bad address"
    queue(to=address, dedup="mail.bad", severity=1)
    queue(to="fine@test.example", dedup="mail.fine")
    assert deliver(seconds=5) == 1
    assert states(mails()) == ["DEAD", "SENT"]


def test_after_the_last_attempt_it_is_dead(db: Any, mail_server: Handler, caplog: pytest.LogCaptureFixture) -> None:
    mail_server.at_data = lambda message: "451 later"
    queue()
    pauses = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        deliver(seconds=5)
        assert one().attempts == attempt
        pauses.append(pause())
        let_time_pass()
    assert one().state == "DEAD"
    assert loudness(caplog) == ["CRITICAL"]
    assert 2400 <= max(pauses[:-1]) <= 3600
    assert timedelta(hours=16) < timedelta(seconds=sum(pauses[:-1])) < timedelta(hours=25)


def test_a_mail_that_kills_its_worker_runs_out_of_attempts(db: Any, mail_server: Handler) -> None:
    queue()
    for _ in range(MAX_ATTEMPTS):
        assert len(claim()) == 1
        let_time_pass()
    assert deliver(seconds=5) == 0
    assert (one().state, mail_server.mails) == ("DEAD", [])


def test_a_lease_keeps_others_away_and_a_lost_one_marks_nothing(db: Any, mail_server: Handler) -> None:
    queue()
    (mine,) = claim()
    assert claim() == []
    let_time_pass()
    (theirs,) = claim()
    assert not delivery._mark(mine, state=Delivery.State.DEAD)
    assert delivery._mark(theirs, state=Delivery.State.DEAD)


def test_what_there_was_no_time_for_is_handed_back(db: Any, mail_server: Handler, monkeypatch: Any) -> None:
    mail_server.delay = 0.15
    queue(6)
    assert 1 <= deliver(seconds=0.3) <= 3
    waiting = [mail for mail in mails() if mail.state == "QUEUED"]
    assert {(mail.attempts, mail.leased_by) for mail in waiting} == {(0, "")}
    mail_server.delay = 0
    assert deliver(seconds=5) == len(waiting)
    assert len(mail_server.mails) == len(set(mail_server.message_ids)) == 6


def test_a_lease_nearly_over_is_not_overrun(db: Any, mail_server: Handler, monkeypatch: Any) -> None:
    monkeypatch.setattr(delivery, "BEGIN_WITHIN", 0.0)
    queue(2)
    (first, *_) = batch = claim()
    with delivery.Post() as post:
        assert delivery._send_batch(post, batch, time.monotonic() + 10) == 0
    assert (first.attempts, states(mails()), mail_server.mails) == (1, ["QUEUED", "QUEUED"], [])


def test_what_is_not_needed_any_more_is_dropped_with_the_reason(
    db: Any, mail_server: Handler, guarded: Callable[..., None]
) -> None:
    guarded("clock", lambda value: "the clock stopped at 14:05" if value == 1 else "")
    queue(dedup="mail.needless", guard={"clock": 1})
    queue(dedup="mail.needed", guard={"clock": 2})
    queue(dedup="mail.unjudged", guard={"unheard": 3})
    assert deliver(seconds=5) == 2
    needless, *_ = mails()
    assert (needless.state, needless.last_error) == ("DROPPED", "the clock stopped at 14:05")
    assert len(mail_server.mails) == 2


def test_expanding_and_sending_in_one_go(world: World, mail_server: Handler, handled: Callable[..., None]) -> None:
    emit(world)
    queue(2)
    assert work(seconds=5) == (1, 2)
    assert states(events()) == ["HANDLED"]


def test_what_is_urgent_does_not_wait_for_all_that_is_not(
    world: World, mail_server: Handler, handled: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A severity 1 event that comes while twenty slow mails go out is told before the last of them."""
    monkeypatch.setattr(tasks, "TURN", 0.2)
    handled("urgent", lambda event: [Mail("duty@test.example", "Now", "x")])
    queue(20, severity=3)

    def slowly(message: Any) -> None:
        time.sleep(0.05)
        if len(mail_server.mails) == 2:
            mail_server.at_data = lambda message: time.sleep(0.05)
            events_to_come.append(1)

    events_to_come: list[int] = []
    mail_server.at_data = slowly
    claim_again = delivery.claim

    def claim_and_emit() -> list[Delivery]:
        if events_to_come:
            events_to_come.clear()
            emit(world, "urgent", severity=1)
        return claim_again()

    monkeypatch.setattr(delivery, "claim", claim_and_emit)
    assert work(seconds=20) == (1, 21)
    assert mail_server.recipients.index("duty@test.example") < 15


def test_no_more_than_two_send_at_once(lasting_world: World, mail_server: Handler) -> None:
    """Slow mail must never take all the worker's processes from the promises."""
    emit(lasting_world)
    queue(1)
    are_taken, may_end = Barrier(3), Event()

    def sender() -> None:
        try:
            with sender_slot() as is_free:
                assert is_free
                are_taken.wait(10)
                may_end.wait(10)
        finally:
            connections.close_all()

    senders = [Thread(target=sender) for _ in range(2)]
    for thread in senders:
        thread.start()
    are_taken.wait(10)
    assert work(seconds=5) == (1, 0), "events wait for no mail server"
    may_end.set()
    for thread in senders:
        thread.join(20)
    assert work(seconds=5) == (0, 1)


def test_the_dead_are_listed_and_replayed(db: Any, mail_server: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    mail_server.at_rcpt = lambda address: "550 5.1.1 no such user"
    queue(2)
    deliver(seconds=5)
    call_command("replay_outbox")
    assert "p1@test.example" in (listed := capsys.readouterr().out)
    assert "no such user" in listed
    first = mails()[0]
    call_command("replay_outbox", id=first.pk)
    assert states(mails()) == ["QUEUED", "DEAD"]
    call_command("replay_outbox", dead=True)
    assert capsys.readouterr().out.endswith("0 events and 1 mails wait again.\n")
    mail_server.at_rcpt = lambda address: None
    assert deliver(seconds=5) == 2
    assert {mail.attempts for mail in mails()} == {1}
    with pytest.raises(CommandError, match="no such row"):
        call_command("replay_outbox", id=999999)


def test_what_was_put_off_is_tried_now_and_what_somebody_is_sending_is_not(
    db: Any, mail_server: Handler, capsys: pytest.CaptureFixture[str]
) -> None:
    mail_server.at_rcpt = lambda address: "450 4.7.1 greylisted"
    queue(2)
    assert deliver(seconds=5) == 0
    mail_server.at_rcpt = lambda address: None
    queue(dedup="mail.leased", to="leased@test.example")
    assert [mail.recipient for mail in claim()] == ["leased@test.example"]
    call_command("replay_outbox", waiting=True)
    assert "0 events and 2 mails are tried now." in capsys.readouterr().out
    assert deliver(seconds=5) == 2
    assert [(mail.state, mail.attempts) for mail in mails()] == [("SENT", 2), ("SENT", 2), ("QUEUED", 1)]


def test_a_dead_event_is_replayed_and_a_handled_one_is_not(
    world: World, handled: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    emit(world)
    work(seconds=5)
    (event,) = events()
    with pytest.raises(CommandError, match="no such row"):
        call_command("replay_outbox", event=event.pk)
    with work_unit(WORKER):
        type(event).objects.update(state="DEAD", attempts=20)
    call_command("replay_outbox", event=event.pk)
    assert [(one.state, one.attempts) for one in events()] == [("QUEUED", 0)]
