"""From event to mails: exactly once, and one bad event holds up no other."""

import time
from collections.abc import Callable, Iterable
from threading import Barrier, Thread

import pytest
from django.db import connection, connections

from notifications import expansion
from notifications.expansion import HOLDS, MAX_ATTEMPTS, claim, expand
from notifications.handlers import Mail
from notifications.models import Delivery, Event
from tenancy.context import work_unit
from tests.notifications.outbox import WORKER, emit, events, let_time_pass, mails, states
from tests.world import World

Handled = Callable[..., None]


def two_mails(event: Event) -> Iterable[Mail]:
    yield Mail("ana@acme.example", f"About {event.payload.get('what')}", "Text.", headers={"X-Topic": event.topic})
    yield Mail("dirk@delta.example", "The same", "Text.", html="<p>Text.</p>", guard={"segment": 12})


def test_an_event_becomes_its_mails(world: World, handled: Handled) -> None:
    handled("test.topic", two_mails)
    emit(world, severity=1, payload={"what": "a lift"})
    assert expand(seconds=5) == 1
    (event,) = events()
    assert (event.state, event.attempts, event.error) == ("HANDLED", 1, "")
    assert event.handled_at is not None
    first, second = mails()
    assert (first.recipient, first.subject, first.headers) == (
        "ana@acme.example",
        "About a lift",
        {"X-Topic": "test.topic"},
    )
    assert (second.html, second.guard, second.severity) == ("<p>Text.</p>", {"segment": 12}, 1)
    assert (first.event_id, first.customer_id, first.reseller_id) == (event.pk, world.acme.pk, world.delta.pk)
    assert first.message_id == f"<rozoom.{first.dedup_key}@rozoom.example>"
    assert first.dedup_key != second.dedup_key
    assert expand(seconds=5) == 0


def test_an_event_nobody_handles_is_done(world: World, handled: Handled) -> None:
    emit(world, "unheard.of")
    assert expand(seconds=5) == 1
    assert (states(events()), mails()) == (["HANDLED"], [])


def test_two_handlers_of_a_topic_are_both_asked(world: World, handled: Handled) -> None:
    handled("test.topic", lambda event: [Mail("a@test.example", "A", "a")])
    handled("test.topic", lambda event: [Mail("b@test.example", "B", "b")])
    emit(world)
    expand(seconds=5)
    assert [mail.recipient for mail in mails()] == ["a@test.example", "b@test.example"]


def test_one_person_gets_one_mail_of_an_event_unless_it_says_otherwise(world: World, handled: Handled) -> None:
    def handler(event: Event) -> Iterable[Mail]:
        yield Mail("ana@acme.example", "As the reporter", "x")
        yield Mail("Ana@ACME.example", "As a watcher", "x")
        yield Mail("ana@acme.example", "Something else", "x", key="else")

    handled("test.topic", handler)
    emit(world)
    expand(seconds=5)
    assert [mail.subject for mail in mails()] == ["As the reporter", "Something else"]


def test_a_handler_that_raises_leaves_nothing_and_holds_up_nobody(world: World, handled: Handled) -> None:
    def bad(event: Event) -> Iterable[Mail]:
        yield Mail("ana@acme.example", "Half", "done")
        raise LookupError("no such ticket")

    handled("bad.topic", bad)
    handled("test.topic", two_mails)
    emit(world, "bad.topic", severity=1)
    emit(world, "test.topic", severity=3)
    assert expand(seconds=5) == 1
    broken, fine = events()
    assert (broken.state, broken.attempts, broken.error) == ("QUEUED", 1, "LookupError: no such ticket")
    assert broken.next_at > broken.created_at
    assert (fine.state, len(mails())) == ("HANDLED", 2)


def test_a_handler_that_breaks_the_transaction_is_only_its_own_problem(world: World, handled: Handled) -> None:
    def bad(event: Event) -> Iterable[Mail]:
        with connection.cursor() as cursor:
            try:
                cursor.execute("SELECT 1 / 0")
            except Exception:
                return [Mail("ana@acme.example", "Swallowed", "x")]
        return []

    handled("bad.topic", bad)
    handled("test.topic", two_mails)
    emit(world, "bad.topic")
    emit(world, "test.topic")
    expand(seconds=5)
    assert states(events()) == ["QUEUED", "HANDLED"]
    assert [mail.subject for mail in mails()] == ["About None", "The same"]


def test_the_pauses_grow_and_after_the_last_attempt_somebody_is_called(
    world: World, handled: Handled, caplog: pytest.LogCaptureFixture
) -> None:
    def bad(event: Event) -> Iterable[Mail]:
        raise ValueError("always")

    handled("bad.topic", bad)
    emit(world, "bad.topic")
    pauses = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        expand(seconds=5)
        (event,) = events()
        assert event.attempts == attempt
        with work_unit(WORKER), connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM next_at - now()) FROM notifications_event")
            pauses.append(float(cursor.fetchone()[0]))
        let_time_pass()
    assert (event.state, event.error) == ("DEAD", "ValueError: always")
    assert 3 < pauses[0] <= 5
    assert 12 < pauses[2] <= 20
    assert 600 <= max(pauses[:-1]) <= 900
    assert [record.levelname for record in caplog.records].count("CRITICAL") == 1
    assert expand(seconds=5) == 0


def test_an_event_that_kills_its_worker_runs_out_of_attempts(world: World, handled: Handled) -> None:
    """Claimed and never heard of again: the attempt was counted before the work."""
    emit(world)
    for _ in range(MAX_ATTEMPTS):
        assert len(claim()) == 1
        let_time_pass()
    expand(seconds=5)
    (event,) = events()
    assert (event.state, event.error) == ("DEAD", "its worker ended each time before it was done")


def test_what_was_claimed_is_nobody_elses_until_the_lease_is_over(world: World, handled: Handled) -> None:
    emit(world)
    (mine,) = claim()
    assert claim() == []
    let_time_pass()
    (theirs,) = claim()
    assert not expansion._expand(mine)
    assert expansion._expand(theirs)
    assert states(events()) == ["HANDLED"]


def test_what_there_was_no_time_for_is_handed_back(world: World, handled: Handled) -> None:
    handled("test.topic", lambda event: time.sleep(0.1) or [])
    for _ in range(6):
        emit(world)
    assert 1 <= expand(seconds=0.25) <= 4
    assert {event.attempts for event in events() if event.state == "QUEUED"} == {0}
    expand(seconds=5)
    assert set(states(events())) == {"HANDLED"}
    assert {event.attempts for event in events()} == {1}


def test_the_most_severe_are_expanded_first(world: World, handled: Handled) -> None:
    order: list[int] = []
    handled("test.topic", lambda event: order.append(event.severity) or [])
    for severity in (3, 1, 2, 1):
        emit(world, severity=severity)
    expand(seconds=5)
    assert order == [1, 1, 2, 3]


@pytest.mark.parametrize("later_topic", ["test.topic", "sla.escalated"])
def test_what_a_killed_worker_holds_is_not_overtaken_by_what_came_later_in_its_ticket(
    world: World, handled: Handled, later_topic: str
) -> None:
    """The reader gets mails in the order of the deeds. A call of the ladder waits for nothing."""
    for topic in ("test.topic", "sla.escalated"):
        handled(topic, lambda event: [Mail("ana@acme.example", event.payload["what"], "x")])
    emit(world, ticket_id=901, severity=3, payload={"what": "first"})
    assert [event.payload["what"] for event in claim()] == ["first"]  # and is killed
    emit(world, later_topic, ticket_id=901, severity=1, payload={"what": "second"})
    emit(world, ticket_id=902, payload={"what": "of another ticket"})
    is_held = later_topic == "test.topic"
    assert expand(seconds=5) == (1 if is_held else 2)
    let_time_pass()
    assert expand(seconds=5) == (2 if is_held else 1)
    subjects = [mail.subject for mail in mails()]
    assert (subjects.index("first") < subjects.index("second")) is is_held


def test_an_event_that_fails_holds_back_its_ticket_for_minutes_only(world: World, handled: Handled) -> None:
    def bad(event: Event) -> Iterable[Mail]:
        raise LookupError("no such message")

    handled("bad.topic", bad)
    handled("test.topic", two_mails)
    emit(world, "bad.topic", ticket_id=901)
    emit(world, ticket_id=901)
    for _ in range(HOLDS):
        assert expand(seconds=5) == 0
        let_time_pass()
    assert expand(seconds=5) == 1
    assert states(events()) == ["QUEUED", "HANDLED"]


def test_two_workers_expand_each_event_once(lasting_world: World, handled: Handled) -> None:
    handled("test.topic", two_mails)
    for _ in range(40):
        emit(lasting_world)
    barrier, counts = Barrier(3), []

    def worker() -> None:
        try:
            barrier.wait(10)
            counts.append(expand(seconds=10))
        finally:
            connections.close_all()

    threads = [Thread(target=worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(counts) == 40
    with work_unit(WORKER):
        assert Delivery.objects.count() == 80
    assert set(states(events())) == {"HANDLED"}


def test_a_handler_registered_twice_is_asked_once(world: World, handled: Handled) -> None:
    calls: list[int] = []

    def count(event: Event) -> Iterable[Mail]:
        calls.append(event.pk)
        return []

    handled("test.topic", count)
    handled("test.topic", count)
    emit(world)
    expand(seconds=5)
    assert len(calls) == 1
