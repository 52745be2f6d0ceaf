"""Each test begins with empty tables, whatever the one before it has committed."""

import os
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from rozoom_support.local.testing import OWN_DATABASE
from tenancy.context import work_unit
from tests import emptying
from tests.together import together
from tests.world import STAFF, SiteFactory, World, message, ticket

pytestmark = pytest.mark.skipif(OWN_DATABASE not in os.environ, reason="a server that was given is emptied by Django")
BY_MIGRATING = {"django_content_type", "auth_permission"}


@pytest.fixture
def own() -> Iterator[emptying.Emptying]:
    """Beside the one that follows every test."""
    own = emptying.Emptying()
    yield own
    own.close()


def filled() -> set[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    found = set()
    with connection.as_owner(), transaction.atomic(), connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'ALTER TABLE "{name}" NO FORCE ROW LEVEL SECURITY')  # which binds the owner, too
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")')
            found |= {name} if cursor.fetchone()[0] else set()
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("bloated", [emptying.BLOATED, -1], ids=["by row", "by file"])
def test_nothing_stays_of_what_was_committed(
    lasting_world: World, own: emptying.Emptying, monkeypatch: pytest.MonkeyPatch, bloated: int
) -> None:
    monkeypatch.setattr(emptying, "BLOATED", bloated)
    message(lasting_world, ticket(lasting_world, severity=1), "marek")
    assert filled() >= {"tickets_ticket", "tickets_message", "tenancy_auditevent", "tenancy_person", *BY_MIGRATING}
    connection.set_autocommit(False)
    connection.cursor().execute("SELECT count(*) FROM django_content_type")  # a transaction that was forgotten
    own.empty()
    assert filled() == BY_MIGRATING


def test_what_is_being_written_is_waited_for(lasting_world: World, own: emptying.Emptying) -> None:
    written, go_on = Event(), Event()

    def write() -> None:
        with work_unit(STAFF):
            SiteFactory(customer=lasting_world.acme)
            written.set()
            go_on.wait(20)

    def empty() -> None:
        written.wait(20)
        timer = Thread(target=lambda: go_on.wait(0.3) or go_on.set())
        timer.start()
        own.empty()
        assert go_on.is_set()
        timer.join()

    together(write, empty)
    assert filled() == BY_MIGRATING


def test_a_lost_connection_is_opened_again(lasting_world: World, own: emptying.Emptying) -> None:
    own.empty()
    with own.superuser.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = emptying.Emptying()
    other.empty()
    with other.superuser.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()
    own.empty()
    assert filled() == BY_MIGRATING
