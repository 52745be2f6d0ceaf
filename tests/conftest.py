"""Fixtures every test may ask for."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from rozoom_support.local.testing import OWN_DATABASE, STARTED
from tests.emptying import emptied_by_row
from tests.template import ensure_template
from tests.world import World, make_world, token

pytest.register_assert_rewrite("tests.looking")  # so that a page that looks wrong says what is wrong

# A busy machine is no failure of a test: nothing here is judged by how long it took.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """For several workers: files that wait for processes and browsers come first, then those with the most tests.

    xdist hands files out in this order (--no-loadscope-reorder), so none of the long ones is left for one worker alone.
    """
    if hasattr(config, "workerinput"):
        tests = Counter(item.path for item in items)
        slow = {item.path for item in items if item.get_closest_marker("processes")}
        shown = {item.path for item in items if item.get_closest_marker("browser")}
        items.sort(key=lambda item: (item.path not in slow, item.path not in shown, -tests[item.path], item.path))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: Any) -> None:
    """The database of this process begins as a copy of one that was migrated once; migrate then finds nothing to do."""
    if os.environ.get(OWN_DATABASE):
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = ensure_template(Path(os.environ[STARTED]))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """In a cluster of our own, what a test committed is deleted row by row."""
    with emptied_by_row() if os.environ.get(OWN_DATABASE) else nullcontext():
        yield


@pytest.fixture
def world(db: Any) -> World:
    """The known cast, inside the test's transaction."""
    return make_world()


@pytest.fixture
def lasting_world(transactional_db: Any) -> World:
    """The known cast, committed: for threads, processes and browsers."""
    return make_world()


class Api:
    """A program with a token. `api.post(path, {...})` sends JSON."""

    def __init__(self, secret: str) -> None:
        self.client = Client()
        self.headers = {"authorization": f"Bearer {secret}"}

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(path: str, data: Any = None, **kwargs: Any) -> Any:
            headers = {**self.headers, **kwargs.pop("headers", {})}
            if method != "get" and data is not None and "content_type" not in kwargs:
                kwargs["content_type"] = "application/json"
            return getattr(self.client, method)(path, data, headers=headers, **kwargs)

        return call


@pytest.fixture
def api() -> Callable[..., Api]:
    """api(world.acme) or api(world.acme, scopes=[...])"""
    return lambda organisation, scopes=None, **fields: Api(token(organisation, scopes, **fields))


@pytest.fixture(autouse=True)
def _forget_rates() -> None:
    """Rate limits count in the cache; each test begins with none."""
    cache.clear()


@pytest.fixture(autouse=True)
def _files_elsewhere(tmp_path: Any, settings: Any) -> None:
    """Uploads of a test stay in its own folder."""
    storages = {**settings.STORAGES}
    default = {
        **storages["default"],
        "OPTIONS": {**storages["default"]["OPTIONS"], "location": str(tmp_path / "files")},
    }
    settings.STORAGES = {**storages, "default": default}
