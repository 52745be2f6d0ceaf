"""After a test that committed: the tables are empty again, a hundred times sooner than by TRUNCATE.

Django truncates all eighty tables, which makes six hundred files anew for the few dozen rows of a test, and then fills in
content types and permissions again. Deleting those rows is a matter of milliseconds. Forced row security and triggers
that keep history stand in the owner's way as in everybody's, so this is only for the cluster that tests start themselves,
by its superuser; on a server that was given, Django's way stays.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.test import TransactionTestCase

from rozoom_support.local.postgres import SUPERUSER

# As after migrating, and nobody's tests change them.
KEPT = {"django_content_type", "auth_permission"}
PATIENCE = "60s"  # for a request that is still being answered; what it wrote must be deleted, too
BLOATED = 8 * 1024 * 1024  # bytes that rows, deleted ones among them, take up: then files made anew are the quicker way

# The locks are those of TRUNCATE: nobody is in the middle of writing while the rows are counted as all there are.
# A file of no bytes has never had a row. `replica` stands for: no foreign key is followed, no trigger asked.
EMPTY = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL lock_timeout = '{patience}';
  LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
  IF (SELECT sum(pg_relation_size(one)) FROM unnest('{{{tables}}}'::regclass[]) one) > {bloated} THEN
    TRUNCATE {tables};
  ELSE
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT one FROM unnest('{{{tables}}}'::regclass[]) one WHERE pg_relation_size(one) > 0 LOOP
      EXECUTE 'DELETE FROM ' || name;
    END LOOP;
  END IF;
END $$"""


class Emptying:
    """One connection for all tests of this process, opened when first needed and again after it was lost."""

    def __init__(self) -> None:
        self.superuser: Any = None
        self.statement = ""

    def empty(self) -> None:
        connection.close()  # whatever the test left open holds locks no longer
        try:
            self._run()
        except psycopg2.OperationalError:
            if not self.superuser.closed:
                raise
            self._run()  # a test ended every connection of the database

    def _run(self) -> None:
        if self.superuser is None or self.superuser.closed:
            where = connection.get_connection_params()
            self.superuser = psycopg2.connect(
                host=where["host"], port=where["port"], dbname=where["dbname"], user=SUPERUSER
            )
            self.superuser.autocommit = True
        with self.superuser.cursor() as cursor:
            cursor.execute(self.statement or self._statement())

    def _statement(self) -> str:
        names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
        connection.close()
        self.statement = EMPTY.format(tables=",".join(sorted(names)), patience=PATIENCE, bloated=BLOATED)
        return self.statement

    def close(self) -> None:
        if self.superuser is not None:
            self.superuser.close()


@contextmanager
def emptied_by_row() -> Iterator[None]:
    """In place of Django's flush, until the database goes."""
    emptying = Emptying()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: emptying.empty())
        yield
    emptying.close()
