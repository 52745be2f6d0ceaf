"""The strip of new tickets of severity 1: at once, to everybody who may work on them, until taken or dismissed."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenancy.context import Context, work_unit
from tenancy.pgbackend.base import TenantAccessDenied
from tests.desk.reading import HTMX, attribute, clock, filed_ago, stored, text
from tests.world import World, ticket
from tickets.models import DismissedAlert
from tickets.tidying import tidy_alerts

WORKER = Context("worker")


def ask(client: Client, response: HttpResponse) -> HttpResponse:
    """As the strip's own poll does: with what it shows and what the list shows."""
    page = text(response)
    values = dict(re.findall(r'"(\w+)": "([^"]*)"', attribute(page, "alerts-poll", "hx-vals")))
    return client.get(f"{attribute(page, 'alerts-poll', 'hx-get')}?{urlencode(values)}", headers=HTMX)


def shown(response: HttpResponse) -> list[str]:
    strip = re.search(r'<div class="alert">.*?</article>', text(response), re.DOTALL)
    return re.findall(r'class="ref">([A-Z]+-\d+)<', strip[0]) if strip else []


def test_a_new_severity_1_is_shown_at_once_whatever_the_view(world: World) -> None:
    client = world.client("marek")
    page = client.get("/desk/?view=mine")
    assert shown(page) == []
    assert ask(client, page).status_code == 204
    filed = ticket(world, severity=1, subject="Line 3 stands still")
    answer = ask(client, page)
    assert shown(answer) == [filed.reference]
    assert "Line 3 stands still" in text(answer)
    assert ask(client, answer).status_code == 204  # said once


def test_it_is_asked_for_within_ten_seconds_also_when_nobody_touches_the_page(world: World) -> None:
    page = text(world.client("marek").get("/desk/"))
    assert float(attribute(page, "alerts-poll", "data-poll")) * 1.2 <= 10
    assert "data-keen" in re.search(r'<div id="alerts-poll"[^>]*>', page)[0]


def test_the_poll_is_one_look(world: World) -> None:
    client = world.client("marek")
    page = client.get("/desk/")
    with CaptureQueriesContext(connection) as seen:
        ask(client, page)
    assert len([one for one in seen if "tickets_ticket" in one["sql"]]) == 1


def test_of_several_the_newest_is_shown_and_the_others_are_counted(world: World) -> None:
    filed_ago(world, [0.9, 0.5], severity=1)
    newest = ticket(world, severity=1, subject="Just now")
    page = world.client("marek").get("/desk/?view=mine")
    assert shown(page) == [newest.reference]
    assert '<a class="small" href="/desk/?view=unassigned&severity=1">and 2 more</a>' in text(page)


def test_a_severity_1_that_the_list_shows_or_somebody_took_is_no_alert(world: World) -> None:
    client = world.client("marek")
    filed = ticket(world, severity=1)
    listed = client.get("/desk/")
    assert shown(listed) == []
    assert ask(client, listed).status_code == 204
    assert shown(client.get("/desk/?view=mine")) == [filed.reference]
    stored(filed, assignee_id=world.people["rita"].person_id, assignee_name="Rita Test")
    assert shown(client.get("/desk/?view=mine")) == []
    stored(filed, assignee_id=None, assignee_name="", reported_at=clock() - timedelta(hours=2))
    assert shown(client.get("/desk/?view=mine")) == []


def test_a_filter_brings_the_strip_that_fits_its_list(world: World) -> None:
    filed = ticket(world, severity=1)
    client = world.client("marek")
    answer = client.get("/desk/?view=mine", headers={**HTMX, "HX-Target": "results"})
    assert shown(answer) == [filed.reference]
    assert shown(client.get("/desk/?severity=1", headers={**HTMX, "HX-Target": "results"})) == []


def test_one_that_is_taken_leaves_the_strip(world: World) -> None:
    filed = ticket(world, severity=1)
    client = world.client("marek")
    page = client.get("/desk/?view=mine")
    assert shown(page) == [filed.reference]
    stored(filed, assignee_id=world.people["rita"].person_id, assignee_name="Rita Test", version=2)
    answer = ask(client, page)
    assert answer.status_code == 200
    assert shown(answer) == []


def test_dismissed_is_dismissed_for_one_person_everywhere(world: World) -> None:
    older, newer = filed_ago(world, [0.5, 0.2], severity=1)
    client = world.client("marek")
    answer = client.post(f"/desk/alerts/{newer.reference}/dismiss/", headers=HTMX)
    assert shown(answer) == [older.reference]
    assert f"{newer.reference} is dismissed here. It stays in the list." in text(answer)
    assert shown(world.client("marek").get("/desk/?view=mine")) == [older.reference]  # another browser
    assert shown(world.client("rita").get("/desk/?view=mine")) == [newer.reference]
    client.post(f"/desk/alerts/{newer.reference}/dismiss/")  # twice is once
    with work_unit(WORKER):
        assert DismissedAlert.objects.count() == 1


def test_without_javascript_dismissing_leads_back_to_the_queue(world: World) -> None:
    filed = ticket(world, severity=1)
    response = world.client("marek").post(f"/desk/alerts/{filed.reference}/dismiss/", follow=True)
    assert response.redirect_chain == [("/desk/", 302)]
    assert world.client("marek").get(f"/desk/alerts/{filed.reference}/dismiss/").status_code == 405


def test_a_reseller_hears_of_its_own_tickets_only(world: World) -> None:
    client = world.client("dirk")
    page = client.get("/desk/?view=mine")
    foreign = ticket(world, "bob", severity=1)
    assert ask(client, page).status_code == 204
    assert client.post(f"/desk/alerts/{foreign.reference}/dismiss/").status_code == 404
    own = ticket(world, "ilse", severity=1)
    assert shown(ask(client, page)) == [own.reference]


@pytest.mark.parametrize("who", ["ilse", "sam"])
def test_customers_and_suppliers_have_no_strip(world: World, who: str) -> None:
    filed = ticket(world, severity=1)
    client = world.client(who)
    assert client.get("/desk/alerts/").status_code == 404
    assert client.post(f"/desk/alerts/{filed.reference}/dismiss/").status_code == 404


def test_nobody_dismisses_for_another(world: World) -> None:
    filed = ticket(world, severity=1)
    row = {"ticket_id": filed.pk, "customer_id": filed.customer_id, "reseller_id": filed.reseller_id}
    for name, other in (("marek", "rita"), ("dirk", "dora")):
        with pytest.raises((TenantAccessDenied, DatabaseError)), work_unit(world.actor(name).context):
            DismissedAlert.objects.create(**row, person_id=world.people[other].person_id, dismissed_at=clock_now())


def clock_now() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("besides", ["", "x", "ACME-1 %00 ' --", "A-1 " * 5000, "\x00", "😀"])
def test_what_is_shown_may_be_anything(world: World, besides: str) -> None:
    filed = ticket(world, severity=1)
    answer = world.client("marek").get("/desk/alerts/", {"besides": besides, "stamp": "\x00x"})
    assert shown(answer) == ([] if filed.reference in besides.split() else [filed.reference])


def test_who_dismissed_what_is_forgotten_after_a_day(world: World) -> None:
    filed = ticket(world, severity=1)
    world.client("marek").post(f"/desk/alerts/{filed.reference}/dismiss/")
    assert tidy_alerts() == 0
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        DismissedAlert.objects.update(dismissed_at=unit.now - timedelta(days=1, minutes=1))
    assert tidy_alerts() == 1
