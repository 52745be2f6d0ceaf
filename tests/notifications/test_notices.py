"""Notices in the app: who is told what, once; read by nobody else; quiet for what is settled meanwhile."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications import expansion, notices
from notifications.expansion import expand
from notifications.handlers import Mail, Told
from notifications.models import Event, Notice
from notifications.tidying import tidy
from sla import services as sla
from sla.models import ClockSegment
from sla.sweeper import sweep_all
from tenancy.context import Context, as_login_role, work_unit
from tenancy.models import Membership, Role
from tenancy.pgbackend.base import TenantAccessDenied
from tenancy.services.customers import change_reseller
from tests.notifications.outbox import WORKER, emit, events, let_time_pass, mails
from tests.sla.promises import ensure_ladder, reported
from tests.tickets.test_severity_agreement import answer, propose
from tests.world import STAFF, World, message, ticket
from tickets.models import Ticket

Handled = Callable[..., None]


def told(world: World, name: str = "ana", **more: Any) -> Told:
    member = world.people[name]
    values = {"title": "Something happened", "path": "/tickets/ACME-1/", "reference": "ACME-1"} | more
    party = member.organisation.kind.lower()
    return Told(member.person_id, member.organisation_id, party, **values)


def made(topic: str = "") -> list[Notice]:
    with work_unit(WORKER):
        found = notices.with_settled(Notice.objects.order_by("id"))
        return list(found.filter(topic=topic) if topic else found)


def lines(world: World, topic: str) -> dict[str, str]:
    """What the notices of a topic say, by whom they are for."""
    names = {(one.person_id, one.organisation_id): name for name, one in world.people.items()}
    return {names[one.person_id, one.organisation_id]: one.title for one in made(topic)}


def page(client: Client, path: str = "/notices/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def bell(client: Client, path: str = "/notices/") -> str:
    return re.search(r'id="bell-words">([^<]*)<', page(client, path))[1]


def marks(html: str) -> list[str]:
    found = re.findall(r'<span class="told-mark[^>]*>(.*?)</span>', html)
    return [re.sub(r"<.*?>", "", one) for one in found]


# Once


def test_who_is_told_gets_a_mail_and_a_notice_of_one_event(world: World, handled: Handled) -> None:
    mail = Mail("ana@test.example", "Subject", "Text.")
    handled("test.topic", lambda event: [told(world, mail=mail), told(world, "ilse", detail="A lift")])
    emit(world, ticket_id=None)
    expand(seconds=5)
    first, second = made()
    assert (first.person_id, first.organisation_id, first.party) == (
        world.ana.person_id,
        world.acme.pk,
        "customer",
    )
    assert (first.customer_id, first.reseller_id) == (world.acme.pk, world.delta.pk)
    assert (first.title, second.detail) == ("Something happened", "A lift")
    assert first.created_at == events()[0].created_at
    assert [one.recipient for one in mails()] == ["ana@test.example"]


def test_an_event_expanded_again_after_a_crash_makes_one_notice(world: World, handled: Handled) -> None:
    """The worst crash: everything committed but for the mark. The same rows are made again, and are the same rows."""
    handled("test.topic", lambda event: [told(world), told(world, "ilse")])
    emit(world)
    assert expand(seconds=5) == 1
    before = [one.pk for one in made()]
    with work_unit(WORKER):
        Event.objects.update(state="QUEUED", handled_at=None)
    let_time_pass()
    assert expand(seconds=5) == 1
    assert [one.pk for one in made()] == before


def test_a_crash_before_the_mark_leaves_no_notice(
    world: World, handled: Handled, monkeypatch: pytest.MonkeyPatch
) -> None:
    handled("test.topic", lambda event: [told(world)])
    emit(world)
    with monkeypatch.context() as broken:
        broken.setattr(expansion.Event.objects, "filter", _breaks_at_the_mark(Event.objects.filter))
        assert expand(seconds=5) == 0
    assert made() == []
    let_time_pass()
    assert expand(seconds=5) == 1
    assert len(made()) == 1


def _breaks_at_the_mark(whole: Callable[..., Any]) -> Callable[..., Any]:
    """The mark is the look-up by nothing but the key."""

    def filter_(**which: Any) -> Any:
        if set(which) == {"pk"}:
            raise DatabaseError("the connection is gone")
        return whole(**which)

    return filter_


def test_a_person_of_two_organisations_is_told_in_each_and_mailed_once(world: World, handled: Handled) -> None:
    second = second_membership(world, "ana", "delta", Role.RESELLER_AGENT)

    def both(event: Event) -> Iterable[Told]:
        for member in (world.ana, second):
            mail = Mail("Ana@test.example", f"To {member.organisation.name}", "Text.")
            party = member.organisation.kind.lower()
            yield Told(member.person_id, member.organisation_id, party, f"As {party}", "/x/", mail=mail)

    handled("test.topic", both)
    emit(world)
    expand(seconds=5)
    assert sorted(one.title for one in made()) == ["As customer", "As reseller"]
    assert [one.subject for one in mails()] == ["To Acme Lifts"]


def second_membership(world: World, name: str, organisation: str, role: str) -> Membership:
    member = world.people[name]
    with work_unit(STAFF), as_login_role():
        return Membership.objects.create(
            organisation=getattr(world, organisation),
            person=member.person,
            role=role,
            person_name=member.person_name,
            person_email=member.person_email,
        )


# The wall


@pytest.fixture
def everybodys(world: World, handled: Handled) -> World:
    """One notice for each of them, all about the same ticket of Acme's."""
    names = ("ilse", "ana", "dirk", "dora", "marek", "rita")
    handled("test.topic", lambda event: [told(world, name, title=f"For {name}") for name in names])
    emit(world)
    expand(seconds=5)
    return world


@pytest.mark.parametrize("name", ["ilse", "ana", "dirk", "dora", "marek", "rita"])
def test_each_reads_its_own_only_whatever_is_asked(everybodys: World, name: str) -> None:
    with work_unit(everybodys.actor(name).context):
        assert [one.title for one in Notice.objects.all()] == [f"For {name}"]


@pytest.mark.parametrize("name", ["bob", "nils", "sol", "duty"])
def test_others_read_none(everybodys: World, name: str) -> None:
    with work_unit(everybodys.actor(name).context):
        assert Notice.objects.count() == 0
    assert "For " not in page(everybodys.client(name))


def test_with_two_memberships_each_organisation_shows_its_own(world: World, handled: Handled) -> None:
    second = second_membership(world, "dirk", "rozoom", Role.AGENT)
    for member, title in ((world.dirk, "At Delta"), (second, "At roZoom")):
        one = Told(member.person_id, member.organisation_id, member.organisation.kind.lower(), title, "/x/")
        handled(f"test.{title}", lambda event, one=one: [one])
        emit(world, f"test.{title}")
    expand(seconds=5)
    person = {"person": world.dirk.person_id}
    for context, title in (
        (Context("reseller", world.delta.pk, **person), "At Delta"),
        (Context("staff", **person), "At roZoom"),
    ):
        with work_unit(context):
            assert [one.title for one in Notice.objects.all()] == [title]
    client = world.client("dirk")
    shown = [page(client)]
    client.post("/switch/", {"membership": second.pk})
    shown.append(page(client))
    for html in shown:
        assert ("At Delta" in html) != ("At roZoom" in html)
    assert "At Delta" in "".join(shown)
    assert "At roZoom" in "".join(shown)


def test_a_bell_of_another_organisation_says_nothing(world: World, handled: Handled) -> None:
    second = second_membership(world, "dirk", "rozoom", Role.AGENT)
    client = world.client("dirk")
    client.get("/notices/")
    answer = client.get("/notices/bell/", {"was": "7", "for": second.pk})
    assert answer.status_code == 204


@pytest.mark.parametrize("name", ["ilse", "dirk", "marek"])
def test_only_the_worker_makes_notices_and_only_the_mark_changes(everybodys: World, name: str) -> None:
    actor = everybodys.actor(name)
    with work_unit(WORKER):
        own = Notice.objects.get(title=f"For {name}")
    attempts: list[Callable[[], Any]] = [
        lambda: Notice.objects.create(
            customer_id=own.customer_id,
            reseller_id=own.reseller_id,
            event_id=999,
            topic="forged",
            organisation_id=own.organisation_id,
            person_id=own.person_id,
            party=own.party,
            title="Forged",
            path="/x/",
            created_at=own.created_at,
        ),
        lambda: Notice.objects.filter(pk=own.pk).update(title="Changed"),
        lambda: Notice.objects.filter(pk=own.pk).update(person_id=everybodys.ana.person_id),
        lambda: Notice.objects.filter(pk=own.pk).delete(),
    ]
    for attempt in attempts:
        with pytest.raises(TenantAccessDenied), work_unit(actor.context):
            attempt()
    with work_unit(actor.context) as unit:
        assert Notice.objects.update(read_at=unit.now) == 1  # its own, though all were meant
    assert [one.title for one in made() if one.read_at] == [f"For {name}"]


def test_a_reseller_that_serves_the_customer_no_more_reads_no_more(everybodys: World) -> None:
    assert "For dirk" in page(everybodys.client("dirk"))
    actor = everybodys.actor("adam")
    with work_unit(actor.context) as unit:
        change_reseller(actor=actor, customer=everybodys.acme, to=everybodys.nova, now=unit.now)
    assert "For dirk" not in page(everybodys.client("dirk"))
    assert "For ilse" in page(everybodys.client("ilse"))
    assert bell(everybodys.client("dirk")) == "No unread notices"


def test_a_notice_leads_to_this_site_only(world: World, handled: Handled) -> None:
    for path in ("//elsewhere.example/", "https://elsewhere.example/", ""):
        handled("test.topic", lambda event, path=path: [told(world, path=path)])
    emit(world)
    expand(seconds=5)
    assert made() == []
    assert "notice_leads_to_this_site" in events()[0].error


# The pages


def test_opening_marks_read_and_leads_on(everybodys: World) -> None:
    client = everybodys.client("ilse")
    html = page(client)
    assert marks(html) == ["Unread"]
    assert bell(client) == "1 unread notice"
    address = re.search(r'class="told-link" href="([^"]+)"', html)[1]
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, "/tickets/ACME-1/")
    assert marks(page(client)) == ["Read"]
    assert bell(client, "/home/") == "No unread notices"
    assert everybodys.client("ana").get(address).status_code == 404
    assert bell(everybodys.client("ana")) == "1 unread notice"


@pytest.mark.parametrize("name, path", [("ilse", "/tickets/"), ("marek", "/desk/tickets/"), ("dirk", "/desk/tickets/")])
def test_opening_a_ticket_reads_what_was_told_about_it(world: World, handled: Handled, name: str, path: str) -> None:
    opened, other = ticket(world), ticket(world)
    handled("test.topic", lambda event: [told(world, who) for who in ("ilse", "ana", "marek", "rita", "dirk", "dora")])
    for about in (opened.pk, opened.pk, other.pk, None):
        emit(world, ticket_id=about)
    expand(seconds=5)
    client = world.client(name)
    url = f"{path}{opened.reference}/"
    client.head(url)
    before = {one.pk for one in made("test.topic") if one.read_at}
    with CaptureQueriesContext(connection) as seen:
        unread = int(bell(client, url).split()[0])  # the page's own bell has counted them off already
    assert len([one for one in seen if one["sql"].startswith('UPDATE "notifications_notice"')]) == 1
    read = [one for one in made("test.topic") if one.read_at]
    assert (len(before), [one.ticket_id for one in read]) == (0, [opened.pk] * 2)
    assert {one.person_id for one in read} == {world.people[name].person_id}
    assert unread == len(mine_unread(world, name))
    client.get(url)
    assert [one.read_at for one in made("test.topic") if one.read_at] == [one.read_at for one in read]
    with CaptureQueriesContext(connection) as seen:
        client.post("/notices/all-read/", {"newest": str(max(one.pk for one in made()))})
        client.get(url)
    assert (
        len([one for one in seen if one["sql"].startswith('UPDATE "notifications_notice"')]) == 1
    )  # not for opening it


def mine_unread(world: World, name: str) -> list[Notice]:
    own = world.people[name]
    return [one for one in made() if one.person_id == own.person_id and one.read_at is None and not one.settled]


def test_marking_all_leaves_what_came_since_the_page_was_drawn(world: World, handled: Handled) -> None:
    handled("test.topic", lambda event: [told(world, "ilse", title=f"Number {event.payload['n']}"), told(world)])
    for number in (1, 2):
        emit(world, payload={"n": number})
    expand(seconds=5)
    client = world.client("ilse")
    newest = re.search(r'name="newest" value="(\d+)"', page(client))[1]
    emit(world, payload={"n": 3})
    expand(seconds=5)
    answer = client.post("/notices/all-read/", {"newest": newest}, follow=True)
    assert answer.redirect_chain == [("/notices/", 302)]
    assert marks(unescape(answer.content.decode())) == ["Unread", "Read", "Read"]
    assert bell(client) == "1 unread notice"
    assert bell(world.client("ana")) == "3 unread notices"
    for odd in ("", "x", "²", "-1", "9" * 40):
        assert client.post("/notices/all-read/", {"newest": odd}).status_code == 302
    assert bell(client) == "1 unread notice"


def test_days_are_those_of_the_reader_and_unread_stands_first(world: World, handled: Handled) -> None:
    handled("test.topic", lambda event: [told(world, "ilse", title=f"Number {event.payload['n']}")])
    for number in range(4):
        emit(world, payload={"n": number})
    expand(seconds=5)
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        noon = unit.now.replace(hour=12)
        for age, notice in enumerate(Notice.objects.order_by("id")):
            at = noon - timedelta(days=age // 2 * 3, minutes=age)
            Notice.objects.filter(pk=notice.pk).update(created_at=at, read_at=at if age == 0 else None)
    html = page(world.client("ilse"))
    assert re.findall(r"Number \d", html) == ["Number 1", "Number 0", "Number 2", "Number 3"]
    headings = re.findall(r'<h2 id="day-\d">([^<]+)', html)
    assert len(headings) == 2
    assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{4}", headings[1])


def test_many_stand_on_numbered_pages_and_are_more_than_99(world: World, handled: Handled) -> None:
    handled("test.topic", lambda event: [told(world, "ilse")])
    for _ in range(101):
        emit(world)
    expand(seconds=20)
    client = world.client("ilse")
    html = page(client)
    assert bell(client) == "More than 99 unread notices"
    assert 'aria-hidden="true">99+<' in html
    assert len(marks(html)) == 50
    last = page(client, "/notices/?page=3")
    assert len(marks(last)) == 1
    assert "Mark all as read" not in last
    assert "<title>Notices, page 3 of 3 – roZoom Support</title>" in last


@pytest.mark.parametrize("asked", ["0", "-1", "x", "99999999999999999999", "²"])
def test_a_page_that_is_none_is_one_that_is(everybodys: World, asked: str) -> None:
    assert marks(page(everybodys.client("ilse"), f"/notices/?page={asked}")) == ["Unread"]


def test_before_the_first_one_the_page_says_what_will_stand_there(world: World) -> None:
    assert "No notices yet" in page(world.client("ilse"))


def test_a_supplier_has_no_bell(world: World) -> None:
    client = world.client("sam")
    assert 'id="bell-words"' not in client.get("/settings/").content.decode()
    for path in ("/notices/", "/notices/bell/", "/notices/1/"):
        assert client.get(path).status_code == 404


def test_the_poll_brings_the_count_when_it_changed_and_speaks_once(everybodys: World) -> None:
    client = everybodys.client("ilse")
    mine = {"for": everybodys.ilse.pk}
    assert client.get("/notices/bell/", {"was": "1", **mine}).status_code == 204
    more = client.get("/notices/bell/", {"was": "0", **mine}).content.decode()
    assert 'id="bell-words" hx-swap-oob="true">1 unread notice<' in more
    assert re.search(r'id="status"[^>]*><span class="vh">1 unread notice<', more)
    assert '"was": "1"' in more
    assert '"said": "1"' in more
    again = client.get("/notices/bell/", {"was": "0", "said": "1", **mine}).content.decode()
    assert 'id="status"' not in again
    assert '"said": "1"' in again
    fewer = client.get("/notices/bell/", {"was": "5", **mine}).content.decode()
    assert 'id="status"' not in fewer


@pytest.mark.parametrize("was", ["", "x", "-1", "²", "9" * 50, "\x00"])
def test_what_the_bell_showed_may_be_anything(everybodys: World, was: str) -> None:
    answer = everybodys.client("ilse").get("/notices/bell/", {"was": was, "for": everybodys.ilse.pk})
    assert answer.status_code == 200


def test_the_bell_costs_one_statement_and_only_on_whole_pages(everybodys: World, api: Any) -> None:
    client, program = everybodys.client("marek"), api(everybodys.acme)
    client.get("/notices/")
    for path, statements in (("/desk/", 1), ("/components/", 1), ("/desk/changes/", 0), ("/desk/alerts/", 0)):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        assert len([one for one in seen if "notifications_notice" in one["sql"]]) == statements, path
    with CaptureQueriesContext(connection) as seen:
        assert program.get("/api/v1/tickets/").status_code == 200
    assert not [one for one in seen if "notifications_notice" in one["sql"]]


def test_a_page_without_a_tenants_rights_has_a_bell_that_counts_later(everybodys: World) -> None:
    html = page(everybodys.client("ilse"), "/settings/")
    assert re.search(r'id="bell-words">Notices<', html)
    assert 'hx-trigger="load, rozoom:poll"' in html


def test_counting_follows_the_index(everybodys: World) -> None:
    actor = everybodys.actor("marek")
    with work_unit(actor.context), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, values = notices.unread(actor).order_by().values("pk")[:100].query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "notice_unread" in plan, plan


# Quiet


def escalated(world: World, **more: Any) -> Ticket:
    ensure_ladder()
    filed = reported(world, timedelta(minutes=40), **more)
    sweep_all()
    return filed


def test_an_escalation_is_told_and_settled_by_the_answer_at_once(world: World) -> None:
    filed = escalated(world)
    expand(seconds=5)
    names = lines(world, "sla.escalated")
    assert "marek" in names
    assert re.fullmatch(
        r"Severity 1: 50 % of the time for the first answer is over \(noticed (9|10) min late\)", names["marek"]
    )
    client = world.client("marek")
    unread = int(bell(client).split()[0])
    mine = len([one for one in made("sla.escalated") if one.person_id == world.marek.person_id])
    assert mine >= 1
    message(world, filed, "rita")
    settled = page(client)
    assert marks(settled).count("Answered meanwhile") == mine
    assert unread - int(bell(client).replace("No", "0").split()[0]) == mine


def test_an_escalation_whose_clock_stopped_before_makes_none(world: World) -> None:
    filed = escalated(world)
    message(world, filed, "rita")
    expand(seconds=5)
    assert made("sla.escalated") == []


def test_a_promise_that_was_replaced_or_withdrawn_is_said_to_be(world: World) -> None:
    changed, gone = escalated(world), escalated(world, by="sol")
    expand(seconds=5)
    propose(world, "marek", changed, 2)
    answer(world, "ilse", changed)
    answer(world, "dirk", changed)
    with work_unit(WORKER) as unit:
        segment = ClockSegment.objects.get(ticket_id=gone.pk)
    cancel(gone, unit.now)
    words = {(one.ticket_id, one.settled) for one in made("sla.escalated")}
    assert segment.outcome == "RUNNING"
    assert words == {(changed.pk, "The promise changed meanwhile"), (gone.pk, "Not needed any more")}


def cancel(filed: Ticket, now: Any) -> None:
    with work_unit(WORKER):
        sla.cancel(customer_id=filed.customer_id, ticket_id=filed.pk, reason="withdrawn", now=now)


def test_tidying_notes_what_is_settled_and_forgets_after_90_days(world: World) -> None:
    filed = escalated(world)
    expand(seconds=5)
    count = len(made("sla.escalated"))
    assert tidy()["settled"] == 0
    message(world, filed, "rita")
    assert tidy()["settled"] == count
    assert tidy()["settled"] == 0
    assert {one.settled for one in made("sla.escalated")} == {"Answered meanwhile"}
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        Notice.objects.update(created_at=unit.now - timedelta(days=89))
        old = Notice.objects.filter(topic="sla.escalated").first()
        assert old is not None
        Notice.objects.filter(pk=old.pk).update(created_at=unit.now - timedelta(days=90, minutes=1))
    assert tidy()["notices"] == 1
