"""Early plugin (see addopts): gives the tests PostgreSQL, Redis and settings before Django reads them.

With DATABASE_URL or REDIS_URL set, that server is used; otherwise local services of this checkout start and stop with
the run.
"""

import os
import sys

from rozoom_support.local.testing import ensure_services

# Workers and the processes that tests start read the same sources: compiled once, in __pycache__.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

ensure_services()
os.environ["ROZOOM_TESTING"] = "1"
os.environ.setdefault("SECRET_KEY", "tests-only-" + "x" * 50)
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in the thread of browser tests
os.environ.pop("DEMO", None)
