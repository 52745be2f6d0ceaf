"""The database's clock in the hands of a test: the product's own functions, with their clock taken from a setting.

Every function of the schema `app` that asks for the time is replaced, in the test database and for one module, by itself
asking app.test_now(). Nothing else of it changes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection

from sla import sweeper
from tenancy import context

CLOCK = re.compile(r"\b(clock_timestamp|now)\(\)")
TEST_NOW = """
CREATE FUNCTION app.test_now() RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT current_setting('app.test_now')::timestamptz
$$;
GRANT EXECUTE ON FUNCTION app.test_now() TO
  rozoom_app, rozoom_customer, rozoom_reseller, rozoom_supplier, rozoom_staff, rozoom_worker, rozoom_owner
"""
FUNCTIONS = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc p
WHERE p.pronamespace = 'app'::regnamespace AND p.proname <> 'test_now' AND p.prosrc ~ '(clock_timestamp|now)\\(\\)'"""


@contextmanager
def simulated_clock(monkeypatch: Any) -> Iterator[None]:
    """Outside any transaction. `set_clock` moves it."""
    owner: Any = connection
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute(TEST_NOW)
        cursor.execute(FUNCTIONS)
        originals = [row[0] for row in cursor.fetchall()]
        assert len(originals) > 8
        for source in originals:
            cursor.execute(CLOCK.sub("app.test_now()", source).replace("%", "%%"), [])
    monkeypatch.setattr(context, "ENTER", CLOCK.sub("app.test_now()", context.ENTER))
    monkeypatch.setattr(sweeper, "SWEEP", CLOCK.sub("app.test_now()", sweeper.SWEEP))
    try:
        yield
    finally:
        with owner.as_owner(), connection.cursor() as cursor:
            for source in originals:
                cursor.execute(source.replace("%", "%%"), [])
            cursor.execute("DROP FUNCTION app.test_now()")


def set_clock(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.test_now', %s, false)", [at.isoformat()])
