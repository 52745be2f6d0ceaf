"""Celery tasks and commands look through somebody's eyes, or not at all."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, current_app
from celery.contrib.testing.worker import start_worker
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection

from contracts.models import Site
from tenancy.celery import TenantTask
from tenancy.context import Context, ContextError, work_unit
from tenancy.management.base import TenantCommand
from tests.tenancy.doorstep import STAFF, WORKER
from tests.world import World

app = Celery("tests", broker="memory://", backend="cache+memory://", set_as_current=False)


@app.task(base=TenantTask, name="tests.count_sites")
def count_sites(name: str = "", **kwargs: Any) -> int:
    return Site.objects.filter(name__contains=name).count()


@pytest.fixture
def eager() -> Any:
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False)


def acme(world: World) -> Context:
    return Context("customer", world.acme.pk)


def test_a_task_sees_what_its_context_sees(world: World, eager: Any) -> None:
    assert count_sites.apply_async(kwargs={"ctx": acme(world)}).get() == 1
    assert count_sites.delay("main", ctx=WORKER).get() == 3
    assert count_sites.delay("Bolt", ctx=acme(world)).get() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("rozoom_app",)


def test_a_task_without_a_context_is_not_sent(world: World, eager: Any) -> None:
    for call in (lambda: count_sites.delay("main"), lambda: count_sites("main")):
        with pytest.raises(ContextError, match="ctx"):
            call()


def test_wrong_arguments_are_noticed_when_it_is_sent(world: World) -> None:
    with pytest.raises(TypeError):
        count_sites.apply_async(args=("a", "b"), kwargs={"ctx": STAFF})


def test_a_task_is_not_run_inside_somebody_elses_unit(world: World, eager: Any) -> None:
    with work_unit(acme(world)), pytest.raises(ContextError, match="do not nest"):
        count_sites.delay(ctx=STAFF)


@pytest.fixture
def the_products_app_stays() -> Iterator[None]:
    """A worker makes its app everybody's; what the product publishes later would go to it."""
    current = current_app._get_current_object()
    yield
    current.set_current()
    current.set_default()


def test_a_worker_keeps_the_contexts_of_its_tasks_apart(lasting_world: World, the_products_app_stays: None) -> None:
    with start_worker(app, perform_ping_check=False, pool="threads", concurrency=2):
        running = [count_sites.delay(ctx=ctx) for ctx in [acme(lasting_world), WORKER] * 5]
        assert [result.get(timeout=10) for result in running] == [1, 3] * 5
        lost = app.send_task("tests.count_sites", kwargs={})
        with pytest.raises(Exception, match="called without ctx"):
            lost.get(timeout=10)


class Count(TenantCommand):
    def handle(self, *args: Any, **options: Any) -> str:
        return str(Site.objects.count())


class CountAsWorker(Count):
    default_context = "worker"


def run(command: BaseCommand, *args: str) -> str:
    return str(call_command(command, *args))


def test_a_command_names_its_context(world: World, capsys: Any) -> None:
    assert run(Count(), "--as=staff") == "3"
    assert run(Count(), f"--as=customer:{world.acme.pk}") == "1"
    assert run(Count(), f"--as=reseller:{world.nova.pk}") == "1"
    assert run(CountAsWorker()) == "3"


@pytest.mark.parametrize("args", [[], ["--as=customer"], ["--as=staff:7"], ["--as=god"], ["--as=customer:x"]])
def test_a_command_without_a_clear_context_does_not_run(world: World, args: list[str]) -> None:
    with pytest.raises(CommandError):
        run(Count(), *args)
