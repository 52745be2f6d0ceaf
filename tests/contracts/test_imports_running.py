"""A file is taken up once, written as a whole or not at all, and taken up again after a kill."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection
from django.utils import timezone

from contracts.imports import components, deeds, running, tasks, tidying
from contracts.imports.components import ChangedMeanwhile
from contracts.imports.staging import MOST_PROBLEMS
from contracts.models import Component, ImportProblem, ImportRow, ImportRun, Site
from tenancy.actor import NotAllowed
from tenancy.context import database_now, work_unit
from tests.contracts.imports import COMPONENTS, PRICES, STAFF, bring, checked, counts, fresh, ordered, problems, written
from tests.world import World

SITE = "Acme Lifts main site"


def rows(first: int, last: int, site: str = SITE) -> str:
    return "".join(f"ACME,{site},DC-7,N-{n},,,,\n" for n in range(first, last + 1))


def installed() -> int:
    with work_unit(STAFF):
        return Component.objects.filter(serial__startswith="N-").count()


def staged() -> int:
    with work_unit(STAFF):
        return ImportRow.objects.count()


def test_reading_writes_nothing_and_leaves_no_rows_behind(world: World) -> None:
    run = checked(world, "COMPONENTS", COMPONENTS + rows(1, 30))
    assert (run.state, counts(run), run.rows, run.done) == ("CHECKED", (30, 0, 0, 0), 30, 30)
    assert (installed(), staged(), run.lease_until) == (0, 0, None)
    (group,) = run.preview["groups"]
    assert (group["title"], group["count"], len(group["rows"])) == ("New", 30, 20)
    assert not running.work(), "nothing waits until somebody decides"


def test_all_or_nothing_is_offered_only_where_all_is_good(world: World) -> None:
    run = checked(world, "COMPONENTS", COMPONENTS + rows(1, 3) + "NONE,X,DC-7,N-4,,,,\n")
    with pytest.raises(deeds.CannotImport, match="1 row is not good"):
        ordered(world, run, "ALL")
    ordered(world, run, "GOOD")
    running.work()
    assert (fresh(run).state, installed()) == ("DONE", 3)


def test_rows_that_became_bad_meanwhile_stop_all_of_it(world: World) -> None:
    run = checked(world, "COMPONENTS", COMPONENTS + rows(1, 3))
    ordered(world, run)
    with work_unit(STAFF):
        bolt = world.components["bolt"]
        Component.objects.filter(pk=bolt.pk).update(serial="N 2", serial_normal="N2")
    running.work()
    run = fresh(run)
    assert (run.state, counts(run)) == ("CHECKED", (2, 0, 0, 1))
    assert run.message.startswith("Nothing was written: since the file was read")
    assert problems(run) == [(3, "serial", "This serial is taken.")]
    with work_unit(STAFF):
        assert not Component.objects.filter(serial__in=["N-1", "N-3"]).exists()


def test_an_error_in_the_middle_leaves_nothing(world: World, monkeypatch: Any) -> None:
    """After sites, components and moves were written, the last statement fails."""
    run = checked(world, "COMPONENTS", f"{COMPONENTS}ACME,Plant 9,DC-7,N-1,,2026-01-15,2028-01-14,Asia/Tokyo\n")
    ordered(world, run)
    monkeypatch.setattr(components, "WARRANTIES", "SELECT 1 / 0 FROM contracts_component WHERE id IS NOT NULL")
    running.work()
    run = fresh(run)
    assert (run.state, run.lease_until) == ("FAILED", None)
    assert run.message.startswith("Something went wrong on our side.")
    assert (installed(), staged()) == (0, 0)
    with work_unit(STAFF):
        assert not Site.objects.filter(name="Plant 9").exists()


@pytest.mark.parametrize("error", [ChangedMeanwhile(), IntegrityError("component_serial_taken")])
def test_who_writes_the_same_rows_at_once_is_waited_for_and_told_in_the_end(
    world: World, monkeypatch: Any, error: Exception
) -> None:
    first = ordered(world, checked(world, "COMPONENTS", COMPONENTS + rows(1, 2)))
    write, tries = components.write, []

    def meets_others(*args: Any) -> str:
        tries.append(1)
        said = write(*args)
        if len(tries) < 3 or fresh_name == "second":
            raise error
        return said

    fresh_name = "first"
    monkeypatch.setattr(components, "write", meets_others)
    running.work()
    assert (fresh(first).state, len(tries), installed()) == ("DONE", 3, 2)
    fresh_name = "second"
    second = ordered(world, checked(world, "COMPONENTS", COMPONENTS + rows(3, 4)))
    running.work()
    assert (fresh(second).state, installed()) == ("FAILED", 2)
    assert fresh(second).message.startswith("Others changed the same records")


def test_a_component_that_moves_under_our_hands_is_not_overwritten(world: World) -> None:
    serial = world.components["acme"].serial
    run = checked(world, "COMPONENTS", f"{COMPONENTS}ACME,{SITE},DC-7,{serial},Rack 9,,,\n")
    run.changed = 1
    with work_unit(STAFF) as unit:
        running.read_and_judge(run.pk, run.kind, run.stored_as, lambda done, total: None)
        Component.objects.filter(serial=serial).update(location="Moved by somebody")
        with pytest.raises(ChangedMeanwhile):
            components.write(run, running.actor_of(run), database_now())
        unit.failed = True
    with work_unit(STAFF):
        assert Component.objects.get(serial=serial).location == "Rack 4"


def test_a_killed_process_leaves_a_lease_and_is_followed_by_another(world: World) -> None:
    run = ordered(world, checked(world, "COMPONENTS", COMPONENTS + rows(1, 3)))
    taken = running.claim()
    assert taken is not None
    assert (taken.pk, taken.state, taken.attempts) == (run.pk, "WRITING", 1)
    assert running.claim() is None, "its lease holds"
    with work_unit(STAFF):
        ImportRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert running.work()
    assert (fresh(run).state, installed()) == ("DONE", 3)


def test_a_file_that_kills_everybody_is_given_up(world: World) -> None:
    run = ordered(world, checked(world, "COMPONENTS", COMPONENTS + rows(1, 3)))
    for _ in range(running.MOST_ATTEMPTS):
        assert running.claim() is not None
        with work_unit(STAFF):
            ImportRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert running.work()
    assert (fresh(run).state, installed()) == ("FAILED", 0)
    assert fresh(run).message.startswith("It was begun three times")


def test_what_was_finished_by_another_is_not_written_again(world: World) -> None:
    """A lease may run out while its holder still works: who comes second finds the run where it is now."""
    run = ordered(world, checked(world, "COMPONENTS", COMPONENTS + rows(1, 3)))
    taken = running.claim()
    assert taken is not None
    running.go_on(taken)
    running.go_on(taken)
    assert (fresh(run).state, installed()) == ("DONE", 3)


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_up_one_file_once(lasting_world: World, monkeypatch: Any) -> None:
    run = ordered(lasting_world, checked(lasting_world, "COMPONENTS", COMPONENTS + rows(1, 50)))
    gun, did, writes = threading.Barrier(4), [], []
    write = components.write
    monkeypatch.setattr(components, "write", lambda *args: writes.append(1) or write(*args))

    def worker() -> None:
        try:
            gun.wait(10)
            did.append(running.work())
        finally:
            connection.close()

    crowd = [threading.Thread(target=worker) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(30)
    assert (sorted(did), len(writes)) == ([False, False, False, True], 1)
    assert (fresh(run).state, installed()) == ("DONE", 50)


@pytest.mark.django_db(transaction=True)
def test_the_same_run_is_never_worked_on_twice_at_once(lasting_world: World) -> None:
    """The lock of the transaction holds even where a lease was lost."""
    run = ordered(lasting_world, checked(lasting_world, "COMPONENTS", COMPONENTS + rows(1, 3)))
    taken = running.claim()
    assert taken is not None
    done = threading.Event()

    def second() -> None:
        running.go_on(taken)
        connection.close()
        done.set()

    with work_unit(STAFF):
        assert running._is_ours(taken)
        other = threading.Thread(target=second)
        other.start()
        assert done.wait(20)
    other.join()
    assert (fresh(run).state, installed()) == ("WRITING", 0)


@pytest.mark.django_db(transaction=True)
def test_the_page_sees_how_far_it_is_and_the_lease_is_kept(lasting_world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "BEAT", 0.01)
    run = bring(lasting_world, "COMPONENTS", COMPONENTS + rows(1, 2000))
    seen: list[tuple[int, int]] = []
    taken = running.claim()
    assert taken is not None
    assert taken.lease_until is not None
    lease = taken.lease_until

    def page() -> None:
        """What another connection sees while the file is being read."""
        try:
            for _ in range(500):
                now = fresh(run)
                if now.done >= 1000 and now.lease_until is not None and now.lease_until > lease:
                    seen.append((now.done, now.rows))
                    return
                threading.Event().wait(0.01)
        finally:
            connection.close()

    def look(done: int, total: int) -> None:
        if done == 1000:
            one = threading.Thread(target=page)
            one.start()
            one.join()

    running.go_on(taken, look)
    assert seen == [(1000, 2000)]
    assert fresh(run).state == "CHECKED"


def test_a_refused_file_says_why_and_keeps_no_rows(world: World) -> None:
    run = checked(world, "COMPONENTS", (COMPONENTS + rows(1, 5)).encode() + b"ACME,\xff")
    assert (run.state, staged()) == ("REFUSED", 0)
    assert run.message.startswith(f"Line 7, byte {len(COMPONENTS + rows(1, 5)) + 6} of the file is not UTF-8.")
    broken = checked(world, "COMPONENTS", COMPONENTS + rows(1, 5) + 'ACME,"X')
    assert (broken.state, broken.message) == ("REFUSED", "The row in line 7 is not CSV: a quote is never closed.")
    assert checked(world, "PRICES", PRICES).message == "There is no row below the heading."


def test_the_first_problems_are_kept_and_all_are_counted(world: World) -> None:
    body = "".join(f"ACME,{SITE},DC-7,N-{n},=1,,,\n" for n in range(MOST_PROBLEMS + 5)) + "NONE,X,DC-7,N-Z,,,,\n"
    run = checked(world, "COMPONENTS", COMPONENTS + body)
    assert (counts(run), run.preview["problems"]) == ((0, 0, 0, MOST_PROBLEMS + 6), MOST_PROBLEMS + 6)
    with work_unit(STAFF):
        kept = ImportProblem.objects.filter(run=run)
        assert (kept.count(), kept.first().line, kept.last().line) == (MOST_PROBLEMS, 2, MOST_PROBLEMS + 1)
    with pytest.raises(deeds.CannotImport, match="nothing to write"):
        ordered(world, run, "GOOD")


def test_good_rows_only_is_repeated_without_harm(world: World) -> None:
    text = COMPONENTS + rows(1, 2) + "NONE,X,DC-7,N-4,,,,\n"
    assert counts(written(world, "COMPONENTS", text, "GOOD")) == (2, 0, 0, 1)
    assert counts(checked(world, "COMPONENTS", text)) == (0, 0, 2, 1)


def test_a_decision_is_made_once(world: World) -> None:
    other = checked(world, "COMPONENTS", COMPONENTS + rows(1, 2))
    run = checked(world, "COMPONENTS", COMPONENTS + rows(1, 2))
    ordered(world, run)
    with pytest.raises(deeds.CannotImport, match="not waiting for you any more: waiting to be written"):
        ordered(world, run)
    with work_unit(STAFF), pytest.raises(deeds.CannotImport, match="not waiting"):
        deeds.drop_import(actor=world.actor("fin"), run=run, now=database_now())
    with work_unit(STAFF):
        deeds.drop_import(actor=world.actor("fin"), run=other, now=database_now())
    tasks.imports()
    assert (fresh(other).state, fresh(run).state, installed()) == ("DROPPED", "DONE", 2)


@pytest.mark.parametrize("who", ["marek", "duty", "ilse", "ana", "dora"])
def test_who_may_not_brings_nothing(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        bring(world, "COMPONENTS", COMPONENTS + rows(1, 1), who)
    assert fresh_runs() == 0


def fresh_runs() -> int:
    with work_unit(STAFF):
        return ImportRun.objects.count()


def test_old_files_are_removed_and_those_that_are_needed_stay(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(tidying, "YOUNG", timedelta(days=-1))
    waiting = checked(world, "COMPONENTS", COMPONENTS + rows(1, 2))
    done = written(world, "COMPONENTS", COMPONENTS + rows(3, 4))
    stray = default_storage.save("imports/nobodys", ContentFile(b"x"))
    with work_unit(STAFF):
        ImportRun.objects.update(created_at=timezone.now() - timedelta(days=91))
    assert tidying.tidy() == 2
    kept = [default_storage.exists(name) for name in (waiting.stored_as, done.stored_as, stray)]
    assert kept == [True, False, False]
    assert tidying.tidy() == 0
