"""Reading the desk's pages as a person does: which tickets stand there, what can be pressed."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from tenancy.context import Context, database_now, work_unit
from tests.world import World, ticket
from tickets.models import Ticket

WORKER = Context("worker")
HTMX = {"HX-Request": "true"}


def text(response: HttpResponse) -> str:
    return unescape(response.content.decode())


def listed(response: HttpResponse) -> list[str]:
    """The tickets of the table, in order."""
    return re.findall(r'<tr data-row id="t-([A-Z0-9]+-\d+)"', text(response))


def hidden(page: str, name: str) -> str:
    """The value of a hidden field, of the last form that has one."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[-1]


def attribute(page: str, id_: str, name: str) -> str:
    """An attribute of the element with this id."""
    tag = re.search(rf'<[a-z]+ [^>]*id="{id_}"[^>]*>', page)
    assert tag, f"nothing has the id {id_}"
    found = re.search(rf"{name}=(\"[^\"]*\"|'[^']*')", tag[0])
    return found[1][1:-1] if found else ""


def shown_by(response: HttpResponse) -> dict[str, str]:
    """What the poll of this page would send back."""
    words = attribute(text(response), "poll", "hx-vals")
    return dict(re.findall(r'"(\w+)": "([^"]*)"', words))


def poll(client: Client, response: HttpResponse) -> HttpResponse:
    """Ask as the page does: its own address with what it shows."""
    url = attribute(text(response), "poll", "hx-get")
    return client.get(f"{url}{'&' if '?' in url else '?'}{urlencode(shown_by(response))}", headers=HTMX)


def fresh(filed: Ticket) -> Ticket:
    with work_unit(WORKER):
        return Ticket.objects.get(pk=filed.pk)


def stored(filed: Ticket, **columns: Any) -> None:
    """Columns as history left them, for tests that need a state and not its making."""
    with work_unit(WORKER):
        Ticket.objects.filter(pk=filed.pk).update(**columns)


def clock() -> datetime:
    with work_unit(WORKER):
        return database_now()


def filed_ago(world: World, hours: Iterable[float], by: str = "ilse", **more: Any) -> list[Ticket]:
    now = clock()
    return [
        ticket(world, by, now=now - timedelta(hours=one), subject=f"Fault {index}", **more)
        for index, one in enumerate(hours)
    ]
