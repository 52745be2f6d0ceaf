"""The numbers of the reports against a slow recount of the same rows, and who may read them."""

import csv
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sla.models import ClockSegment
from tenancy.context import as_login_role, database_now, work_unit
from tests.tickets.promises import happened, past_ticket, promise, promises, stretches
from tests.world import STAFF, World, message, ticket
from tickets.models import Ticket
from tickets.reports.period import Period, back, chosen, preset
from tickets.reports.queries import AGES, KINDS, SEVERITIES, WITHIN, Narrowing, Tally, percent
from tickets.reports.report import Report, make_report
from tickets.reports.tables import tables
from tickets.services import answer_severity, propose_severity, resolve

pytestmark = pytest.mark.django_db
ZONES = ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"]
SLOW = {"max_examples": 40, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
TOO_LONG = timedelta(days=400)


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


def report_of(world: World, who: str, asked: Narrowing, now: datetime, kinds: tuple[str, ...] = KINDS) -> Report:
    actor = world.actor(who)
    with work_unit(actor.context):
        return make_report(actor, asked, kinds=kinds, now=now)


# --- the recount ------------------------------------------------------------------------------------------------------


def recount(now: datetime) -> list[dict[str, Any]]:
    """Every promise that stands in the tables, judged one by one."""
    chains = defaultdict(list)
    with work_unit(STAFF):
        for segment in ClockSegment.objects.order_by("id"):
            chains[segment.ticket_id, segment.kind, segment.counted_from].append(segment)
    return [
        {
            "kind": kind,
            "at": at,
            "severity": chain[-1].severity,
            "customer": chain[-1].customer_id,
            "reseller": chain[-1].reseller_id,
            "fate": fate(chain, now),
            "imported": any(one.reason == "imported" for one in chain),
            "took": chain[-1].stopped_at - at if chain[-1].answered else None,
        }
        for (_, kind, at), chain in chains.items()
    ]


def fate(chain: list[ClockSegment], now: datetime) -> str:
    last = chain[-1]
    if any(one.outcome == "MISSED" for one in chain) or (last.stopped_at is None and now > last.due_at):
        return "missed"
    return {"MET": "met", "CANCELLED": "cancelled", "RUNNING": "undecided"}[last.outcome]


def tally(found: list[dict[str, Any]]) -> Tally:
    fates = Counter(one["fate"] for one in found)
    return Tally(
        **{name: fates[name] for name in ("met", "missed", "undecided", "cancelled")},
        imported=sum(one["imported"] for one in found),
    )


def in_month(one: dict[str, Any], zone: str, key: str) -> bool:
    local = one["at"].astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m}" == key


# --- random promises --------------------------------------------------------------------------------------------------


@st.composite
def lives(draw: Any, now: datetime, zone: str) -> list[tuple[int, list[Any]]]:
    """For some tickets: whose it is, and the stretches of its promises. Many begin right at the edge of a month."""
    found = []
    for _ in range(draw(st.integers(0, 14))):
        made: list[Any] = []
        at = draw(
            st.sampled_from(edges(now, zone))
            | st.datetimes(now.replace(tzinfo=None) - TOO_LONG, now.replace(tzinfo=None)).map(
                lambda naive: naive.replace(tzinfo=UTC)
            )
        )
        for kind in KINDS[: draw(st.integers(1, 3))]:
            if at > now - timedelta(minutes=5):
                break
            made += draw(promise_from(at, now, kind))
            if made[-1].stopped_at is None:
                break
            at = made[-1].stopped_at + timedelta(minutes=draw(st.integers(1, 3000)))
        found.append((draw(st.integers(0, 2)), made))
    return found


def edges(now: datetime, zone: str) -> list[datetime]:
    local = now.astimezone(ZoneInfo(zone)).date()
    firsts = [back(local, months) for months in range(13)]
    midnights = [datetime(day.year, day.month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) for day in firsts]
    return [
        at + move
        for at in midnights
        for move in (timedelta(microseconds=-1), timedelta(), timedelta(hours=1))
        if at + move < now
    ]


@st.composite
def promise_from(draw: Any, at: datetime, now: datetime, kind: str) -> Any:
    room = now - at
    steps = sorted(draw(st.lists(st.floats(0.0001, 0.05), max_size=3)))
    changes = [(at + room * step, draw(st.sampled_from(SEVERITIES))) for step in steps]
    begins = changes[-1][0] if changes else at
    ended = draw(st.booleans() | st.just(True))
    quick = timedelta(minutes=draw(st.sampled_from([0, 1, 59, 60, 61, 240, 241, 1440, 1441, 9000])))
    return stretches(
        at,
        now,
        severity=draw(st.sampled_from(SEVERITIES)),
        kind=kind,
        ends=min(begins + quick, now) if ended else None,
        how=draw(st.sampled_from(["answered", "answered", "cancelled", "unseen"])),
        changes=changes,
        reason=draw(st.sampled_from(["", "", "imported"])),
    )


def test_random_promises_count_as_a_slow_recount_says(world: World, now: datetime) -> None:
    customers = [world.acme, world.bolt, world.solo]

    @settings(**SLOW)
    @given(data=st.data())
    def judge(data: Any) -> None:
        zone = data.draw(st.sampled_from(ZONES))
        before = transaction.savepoint()
        for customer, made in data.draw(lives(now, zone)):
            if made:
                promise(past_ticket(customers[customer], made[0].counted_from, state="CLOSED"), made)
        today = now.astimezone(ZoneInfo(zone)).date()
        period = data.draw(st.sampled_from([preset(months, today, zone) for months in ("1", "3", "6", "12")]))
        severities = data.draw(st.sampled_from([(), (1,), (2, 3)]))
        chosen_customers = data.draw(st.sampled_from([(), (world.acme.pk,), (world.bolt.pk, world.solo.pk)]))
        asked = Narrowing(period, severities, customers=chosen_customers)
        who = data.draw(st.sampled_from(["marek", "dirk", "ana"]))
        try:
            compare(report_of(world, who, asked, now), seen_by(world, who, recount(now), asked), zone)
        finally:
            transaction.savepoint_rollback(before)

    judge()


def seen_by(world: World, who: str, found: list[dict[str, Any]], asked: Narrowing) -> list[dict[str, Any]]:
    own = {"dirk": {world.acme.pk}, "ana": {world.acme.pk}}.get(who)
    return [
        one
        for one in found
        if (own is None or one["customer"] in own)
        and (not asked.customers or one["customer"] in asked.customers)
        and (not asked.severities or one["severity"] in asked.severities)
    ]


def compare(report: Report, found: list[dict[str, Any]], zone: str) -> None:
    period = report.asked.period
    inside = [one for one in found if period.first <= one["at"].astimezone(ZoneInfo(zone)).date() <= period.last]
    earlier = [
        one for one in found if period.before.first <= one["at"].astimezone(ZoneInfo(zone)).date() <= period.before.last
    ]
    for kind in KINDS:
        of_kind = [one for one in inside if one["kind"] == kind]
        assert report.attainment.of(kind) == tally(of_kind)
        assert report.attainment.before.get(kind, Tally()) == tally([one for one in earlier if one["kind"] == kind])
        for severity in SEVERITIES:
            for place, part in enumerate(period.parts):
                here = [one for one in of_kind if one["severity"] == severity and in_month(one, zone, part.key)]
                assert report.attainment.by_part.get((kind, severity, place), Tally()) == tally(here)
    by_customer = {key: value.total for key, value in report.attainment.by_customer.items() if key[0] == "FIRST"}
    assert sorted(by_customer.values()) == sorted(
        Counter(one["customer"] for one in inside if one["kind"] == "FIRST").values()
    )
    taken = [one for one in inside if one["kind"] == "FIRST" and one["took"] is not None]
    for severity in SEVERITIES:
        times = [one["took"].total_seconds() for one in taken if one["severity"] == severity]
        expected = [sum(took <= limit for took in times) for limit in WITHIN]
        assert report.times.within[severity] == [*expected, len(times)]
    seconds = sorted(one["took"].total_seconds() for one in taken)
    median = seconds[(len(seconds) - 1) // 2] if seconds else None
    assert report.times.median_s == (median if median is None else pytest.approx(median, abs=1e-6))


# --- backlog and reopening --------------------------------------------------------------------------------------------

ENDS = [
    ("ticket.resolve", {"was": "OPEN", "to": "RESOLVED"}),
    ("message.public", {"then": "resolve"}),
    ("ticket.withdraw", {"was": "OPEN", "to": "WITHDRAWN"}),
    ("ticket.merge", {"was": "OPEN", "to": "MERGED"}),
]
OPENS = [("ticket.reopen", {}), ("message.public", {"then": "", "reopened": True})]
NOTHING = [("message.public", {"then": ""}), ("ticket.close", {}), ("message.internal", {"then": ""})]


@st.composite
def moves(draw: Any) -> list[tuple[float, int, str, dict[str, Any]]]:
    """What happened to one ticket: part of the way to now, whether it is open then, and the event of its trail."""
    found, is_open = [], 1
    for part in sorted(draw(st.lists(st.floats(0.001, 0.999), max_size=6))):
        verb, data = draw(st.sampled_from([*NOTHING, *(ENDS if is_open else OPENS)]))
        is_open = is_open if (verb, data) in NOTHING else 1 - is_open
        found.append((part, is_open, verb, data))
        if verb in ("ticket.withdraw", "ticket.merge"):
            break
    return found


def test_random_lives_of_tickets_count_as_a_slow_replay_says(world: World, now: datetime) -> None:
    customers = [world.acme, world.bolt]

    @settings(**SLOW)
    @given(
        made=st.lists(
            st.tuples(st.integers(0, 1), st.sampled_from(SEVERITIES), st.floats(0, 399), moves()), max_size=10
        ),
        zone=st.sampled_from(ZONES),
        months=st.sampled_from(["1", "3", "6"]),
        who=st.sampled_from(["marek", "dirk"]),
    )
    def judge(made: list[Any], zone: str, months: str, who: str) -> None:
        before, lives_ = transaction.savepoint(), []
        for whose, severity, days, events in made:
            at = now - timedelta(days=days, minutes=1)
            is_open = events[-1][1] if events else 1
            # Merged and the like end in another state; what matters is that it is not open any more.
            one = past_ticket(customers[whose], at, severity=severity, state="OPEN" if is_open else "CLOSED")
            told = [(at + (now - at) * part, open_then, verb, data) for part, open_then, verb, data in events]
            for when, _, verb, data in told:
                happened(one, verb, when, **data)
            if who == "marek" or whose == 0:
                lives_.append((severity, at, told))
        period = preset(months, now.astimezone(ZoneInfo(zone)).date(), zone)
        try:
            replay(report_of(world, who, Narrowing(period), now).tickets, lives_, period, now)
        finally:
            transaction.savepoint_rollback(before)

    judge()


def replay(found: Any, lives_: list[Any], period: Period, now: datetime) -> None:
    zone = ZoneInfo(period.zone)
    for severity in SEVERITIES:
        own = [(at, told) for its, at, told in lives_ if its == severity]
        for place, day in enumerate(period.days_counted):
            edge = min(datetime(day.year, day.month, day.day, tzinfo=zone), now.astimezone(zone))
            assert found.backlog[severity][place] == sum(was_open(at, told, edge) for at, told in own), (severity, day)
        open_now = [now - at for at, told in own if was_open(at, told, now)]
        limits = [timedelta(0), *AGES, timedelta.max]
        assert found.ages[severity] == [sum(low < age <= high for age in open_now) for low, high in pairwise(limits)]
        solved = [turn for _, told in own for turn in turns(told) if period.start <= turn[0] < period.end]
        assert (found.solved[severity].times, found.solved[severity].reopened) == (
            len(solved),
            sum(again for _, again in solved),
        )


def was_open(at: datetime, told: list[Any], when: datetime) -> bool:
    if at >= when:
        return False
    return bool(next((is_open for happened_at, is_open, *_ in reversed(told) if happened_at < when), 1))


def turns(told: list[Any]) -> list[tuple[datetime, bool]]:
    """Each time it was solved, and whether it was opened again."""
    moved = [(at, verb, data) for at, _, verb, data in told if (verb, data) not in NOTHING]
    return [(at, place + 1 < len(moved)) for place, (at, verb, data) in enumerate(moved) if (verb, data) in ENDS[:2]]


def test_a_message_of_the_customer_that_opens_a_solved_ticket_counts(world: World, now: datetime) -> None:
    filed = ticket(world)
    message(world, filed, "marek", then="resolve")
    message(world, filed, "ilse", "It stopped again.")
    other = ticket(world)
    message(world, other, "marek")
    with work_unit(world.actor("marek").context) as unit:
        resolve(actor=world.actor("marek"), ticket=Ticket.objects.get(pk=other.pk), now=unit.now)
        later = database_now() + timedelta(seconds=1)
    found = report_of(world, "marek", Narrowing(preset("6", now.date(), "UTC")), later).tickets
    assert (found.solved[2].times, found.solved[2].reopened) == (2, 1)
    assert found.backlog[2][-1] == 1


# --- definitions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part, whole, shown",
    [
        (0, 19, None),
        (19, 19, None),
        (0, 20, 0),
        (20, 20, 100),
        (1, 1000, 1),
        (999, 1000, 99),
        (17, 36, 47),
        (0, 0, None),
    ],
)
def test_a_percent_is_said_from_twenty_on_and_never_rounded_to_all_or_nothing(
    part: int, whole: int, shown: Any
) -> None:
    assert percent(part, whole) == shown


def test_nineteen_are_too_few_and_twenty_are_not(world: World, now: datetime) -> None:
    at = now - timedelta(days=40)
    promises(world.acme, 19, at, now, late=1)
    page = world.client("marek").get("/reports/").content.decode()
    assert "Too few to compare: 19 first answers are decided" in page
    assert "95 %" not in page
    promises(world.acme, 1, at, now)
    page = world.client("marek").get("/reports/").content.decode()
    assert "<h1>95 % of first answers came on time</h1>" in page
    assert "<title>Reports: 95 % of first answers came on time – roZoom Support</title>" in page


def test_a_promise_missed_before_it_was_lowered_stays_missed(world: World, now: datetime) -> None:
    at = now - timedelta(days=3)
    late = [(at + timedelta(hours=2), 3)]
    promise(past_ticket(world.acme, at), stretches(at, now, severity=1, changes=late, ends=at + timedelta(hours=3)))
    found = report_of(world, "marek", Narrowing(chosen(at.date(), now.date(), now.date(), "UTC")), now)
    assert found.attainment.of("FIRST", 3) == Tally(missed=1)
    assert found.attainment.of("FIRST").decided == 1


def test_late_and_running_is_late_before_any_sweep_has_seen_it(world: World, now: datetime) -> None:
    at = now - timedelta(hours=5)
    asked = Narrowing(chosen(at.date() - timedelta(days=1), now.date(), now.date(), "UTC"))
    for severity, how in ((1, "unseen"), (2, "unseen"), (3, "answered")):
        promise(past_ticket(world.acme, at, severity=severity), stretches(at, now, severity=severity, how=how))
    assert report_of(world, "marek", asked, now).attainment.of("FIRST") == Tally(missed=2, undecided=1)
    due = at + timedelta(hours=4)
    assert report_of(world, "marek", asked, due).attainment.of("FIRST", 2) == Tally(undecided=1)
    just_late = report_of(world, "marek", asked, due + timedelta(microseconds=1))
    assert just_late.attainment.of("FIRST", 2) == Tally(missed=1)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_period_takes_its_first_instant_and_leaves_the_one_after_its_last(
    world: World, now: datetime, zone: str
) -> None:
    day = now.date() - timedelta(days=60)
    period = chosen(day, day + timedelta(days=9), now.date(), zone)
    instant = timedelta(microseconds=1)
    places = {
        "before": [period.before.start, period.start - instant],
        "in": [period.start, period.end - instant],
        "out": [period.before.start - instant, period.end],
    }
    for at in (at for found in places.values() for at in found):
        one = past_ticket(world.acme, at - timedelta(days=30))
        promise(one, stretches(at, now, ends=at + timedelta(hours=1)))
        happened(one, "ticket.resolve", at)
        happened(one, "ticket.reopen", now - timedelta(minutes=1))
    found = report_of(world, "marek", Narrowing(period), now)
    assert (found.attainment.of("FIRST").met, found.attainment.before["FIRST"].met, found.times.before) == (2, 2, 2)
    assert (found.tickets.solved[2].times, found.tickets.solved[2].reopened) == (2, 2)
    assert (found.tickets.solved_before.times, found.tickets.solved_before.reopened) == (2, 2)


def test_a_merged_promise_is_not_needed_any_more_and_goes_on_in_the_other(world: World, now: datetime) -> None:
    at = now - timedelta(days=2)
    promise(
        past_ticket(world.acme, at, state="CLOSED"), stretches(at, now, ends=at + timedelta(hours=1), how="cancelled")
    )
    promise(past_ticket(world.acme, at), stretches(at, now, kind="NEXT", ends=at + timedelta(hours=3)))
    found = report_of(world, "marek", Narrowing(chosen(at.date(), now.date(), now.date(), "UTC")), now)
    assert (found.attainment.of("FIRST"), found.attainment.of("NEXT")) == (Tally(cancelled=1), Tally(met=1))


def test_a_month_begins_when_it_begins_for_the_reader(world: World, now: datetime) -> None:
    """23:30 in Kiritimati is half a day before the same hour in UTC."""
    today = now.date()
    first = back(today, 1)
    at = datetime(first.year, first.month, 1, tzinfo=UTC) - timedelta(hours=10)
    promise(past_ticket(world.acme, at), stretches(at, now, ends=at + timedelta(hours=1)))
    months = {}
    for zone in ("UTC", "Pacific/Kiritimati"):
        with work_unit(STAFF), as_login_role():
            person = world.marek.person
            person.preferences = {"time_zone": zone}
            person.save(update_fields=["preferences"])
        rows = json.loads(world.client("marek").get("/reports/?format=json&table=months").content)["results"]
        months[zone] = [row["month"] for row in rows if row["met"]]
    assert months == {"UTC": [f"{back(today, 2):%Y-%m}"], "Pacific/Kiritimati": [f"{first:%Y-%m}"]}


def test_proposed_severities_are_counted_by_who_asked_and_how_they_ended(world: World, now: datetime) -> None:
    filed, other = ticket(world, severity=3), ticket(world, severity=2)
    ilse = world.actor("ilse")
    with work_unit(ilse.context) as unit:
        for one, to in ((filed, 1), (other, 1)):
            propose_severity(actor=ilse, ticket=Ticket.objects.get(pk=one.pk), to=to, reason="It stands.", now=unit.now)
    for who, agrees in (("dirk", True), ("marek", False)):
        actor = world.actor(who)
        with work_unit(actor.context) as unit:
            one = Ticket.objects.get(pk=filed.pk)
            answer_severity(actor=actor, ticket=one, number=1, agrees=agrees, reason="It moves.", now=unit.now)
    rows = json.loads(world.client("marek").get("/reports/?format=json&table=severity_changes").content)["results"]
    assert rows == [
        {
            "by": "customer",
            "direction": "raise",
            "proposed": 2,
            "agreed": 0,
            "not_agreed": 1,
            "ended_otherwise": 0,
            "waiting": 1,
        }
    ]
    answers = json.loads(world.client("marek").get("/reports/?format=json&table=attainment").content)["results"]
    of_proposals = [row for row in answers if row["kind"] == "PROPOSAL" and row["severity"] == 1]
    assert [(row["met"], row["undecided"]) for row in of_proposals] == [(1, 1)]


# --- one definition ---------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(world: World, now: datetime) -> World:
    """Two months, three severities, two customers: enough of each for a percent, and some that are too few."""
    for place, at in enumerate((now - timedelta(days=45), now - timedelta(days=2))):
        promises(world.acme, 22, at, now, late=3 + place, severity=1)
        promises(world.bolt, 25, at, now, late=9, severity=2)
        promises(world.solo, 21, at, now, severity=3, reason="imported")
        promises(world.acme, 5, at, now, late=1, kind="NEXT", severity=1)
    return world


def page_tables(page: str) -> dict[str, list[list[str]]]:
    """Of each table of the page, its rows as text, by the name its CSV has."""
    found = {}
    for box in re.findall(r'<table class="[^"]*report-table.*?</table>', page, re.S):
        name = re.search(r"table=(\w+)", box)[1]
        rows = re.findall(r"<tr>(.*?)</tr>", box.split("<tbody>")[1], re.S)
        found[name] = [
            [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
            for row in rows
        ]
    return found


def test_page_table_csv_json_and_api_say_the_same(busy: World, api: Any) -> None:
    client = busy.client("marek")
    shown = page_tables(client.get("/reports/").content.decode())
    answer = api(busy.rozoom).get("/api/v1/reports/attainment/?kind=FIRST").json()
    assert set(shown) >= {
        "months",
        "attainment",
        "backlog",
        "ages",
        "response_times",
        "customers",
        "resellers",
        "reopened",
    }
    for name in [*shown, "numbers"]:
        as_json = json.loads(client.get(f"/reports/?format=json&table={name}").content)["results"]
        response = client.get(f"/reports/?format=csv&table={name}")
        assert response["Content-Disposition"] == f'attachment; filename="{name}.csv"'
        as_csv = list(csv.DictReader(response.content.decode("utf-8-sig").splitlines()))
        assert [{key: text(value) for key, value in row.items()} for row in as_json] == as_csv
        assert as_json == answer[name], name
    kept = {(row["month"], row["severity"]): row for row in answer["months"]}
    months = sorted({month for month, _ in kept})
    for row, month in zip(shown["months"], months, strict=True):
        for severity, cell in enumerate(row[1:], 1):
            one = kept[month, severity]
            said = f"{one['on_time_percent']} % (n = {one['decided']})" if one["decided"] else ""
            assert cell == said
    assert [row[0] for row in shown["customers"]] == [row["name"] for row in answer["customers"]]
    assert [row[2] for row in shown["customers"]] == [str(row["met"]) for row in answer["customers"]]


def text(value: Any) -> str:
    return "" if value is None else str(value)


def test_the_plots_write_the_numbers_of_the_tables(busy: World, now: datetime) -> None:
    page = busy.client("marek").get("/reports/").content.decode()
    shown = page_tables(page)
    plots = re.findall(r"<figure class=\"plot.*?</figure>", page, re.S)
    assert len(plots) == 7
    for plot in plots:
        assert re.search(r'<svg [^>]*role="img" aria-labelledby="([\w-]+) ([\w-]+)"', plot)
        assert re.search(r"<title id=.*?>.+?</title><desc id=.*?>.+?</desc>", plot)
    for severity in SEVERITIES:
        months = [row[severity] for row in shown["months"] if row[severity]]
        plot = plots[severity - 1]
        assert re.findall(r'class="plot-value"[^>]*>(\d+)<', plot) == [cell.split(" %")[0] for cell in months]
        ns = re.findall(r'class="plot-n"[^>]*>([\d,]+)<', plot)
        assert [n for n in ns if n != "0"] == [re.search(r"n = (\d+)", cell)[1] for cell in months]
        assert re.findall(r'class="plot-value"[^>]*>([\d,]+)<', plots[2 + severity]) == [shown["backlog"][-1][severity]]
    hour = next(row for row in shown["response_times"] if row[0] == "Within 1 h")
    found = re.search(r"(\d+) % \((\d+) of (\d+)\)", hour[1])
    assert f"Severity 1: {found[1]} % within 1 h (n = {found[3]})" in plots[6]


def test_no_tickets_draws_the_axes_and_says_so(world: World) -> None:
    response = world.client("marek").get("/reports/?from=2010-01-01&to=2010-06-30")
    page = response.content.decode()
    assert "<h1>No tickets in this period</h1>" in page
    assert page.count('role="img"') == 7
    assert page.count('class="plot-empty"') == 7
    assert "plot-mark" not in re.sub(r"<figure class=\"plot plot-big.*?</figure>", "", page, flags=re.S)
    assert "None" not in re.sub(r"<datalist.*?</datalist>", "", page, flags=re.S)


def test_the_page_takes_few_statements_however_many_rows_there_are(busy: World, now: datetime) -> None:
    client = busy.client("marek")
    client.get("/reports/")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get("/reports/")
        counts.append(len(seen))
        promises(busy.bolt, 5, now - timedelta(days=3), now)
    assert counts[0] == counts[1] <= 15


# --- who reads what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who, status",
    [("marek", 200), ("fin", 200), ("dirk", 200), ("dora", 200), ("ana", 200), ("ilse", 404), ("sam", 404)],
)
def test_the_page_is_for_the_desk_and_for_administrators_of_a_customer(world: World, who: str, status: int) -> None:
    client = world.client(who)
    assert client.get("/reports/").status_code == status
    first = client.get("/desk/" if who in ("marek", "fin", "dirk", "dora") else "/home/")
    assert (b">Reports</a>" in first.content) is (status == 200)


def test_a_reseller_and_a_customer_count_their_own_only(busy: World) -> None:
    for who in ("dirk", "ana"):
        for name, key in (("customers", "customer"), ("resellers", "reseller")):
            rows = json.loads(busy.client(who).get(f"/reports/?format=json&table={name}").content)["results"]
            assert [row[key] for row in rows] == [{"customers": "ACME", "resellers": "DELTA"}[name]]
            assert rows[0]["decided"] == 44


@pytest.mark.parametrize("who", ["dirk", "marek"])
def test_a_foreign_customer_is_as_unknown_as_none(busy: World, who: str) -> None:
    foreign, missing = (
        busy.client(who).get(f"/reports/?customer={code}") for code in ("BOLT" if who == "dirk" else "BOLTX", "NOWHERE")
    )
    assert foreign.status_code == missing.status_code == 422
    assert b"We know no customer of yours by this name or code." in foreign.content
    assert b"plot" not in foreign.content
    assert busy.client(who).get("/reports/?customer=acme").status_code == 200


def test_the_reseller_filter_is_for_rozoom(busy: World) -> None:
    def customers(who: str, reseller: str) -> list[str]:
        answer = busy.client(who).get(f"/reports/?format=json&table=customers&reseller={reseller}")
        return sorted(row["customer"] for row in json.loads(answer.content)["results"])

    assert customers("marek", "NOVA") == ["BOLT"]
    assert customers("marek", "ROZOOM") == ["SOLO"]
    assert customers("dirk", "NOVA") == ["ACME"]


@pytest.mark.parametrize(
    "query, words",
    [
        ("from=2026-13-01", "Write a day such as 2026-11-23."),
        ("from=2010-06-02&to=2010-06-01", "The first day must not be after the last one."),
        ("to=2199-01-01", "Choose a last day that is not in the future."),
        ("from=1999-12-31&to=2000-12-31", "Choose a first day from the year 2000 on."),
        ("from=2001-01-01", "Choose at most 12 years."),
    ],
)
def test_wrong_days_are_said_at_their_field_and_kept(world: World, query: str, words: str) -> None:
    response = world.client("marek").get(f"/reports/?{query}")
    assert response.status_code == 422
    assert response.content.decode().count(words) == 2
    assert query.split("=")[1].split("&")[0] in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "months=99",
        "severity=9",
        "kind=NONE",
        "reseller=NOBODY",
        "page=x",
        "format=csv&table=none",
        "months=6&severity=1&severity=3",
    ],
)
def test_other_unknown_values_fall_away(world: World, query: str) -> None:
    assert world.client("marek").get(f"/reports/?{query}").status_code == 200


# --- periods ----------------------------------------------------------------------------------------------------------


@given(
    first=st.dates(date(2000, 1, 1), date(2026, 1, 1)),
    length=st.integers(0, 4382),
    zone=st.sampled_from([*ZONES, "America/Havana", "America/Sao_Paulo", "Asia/Beirut"]),
)
@settings(deadline=None)
def test_parts_cover_the_period_in_order_and_fit_a_phone(first: date, length: int, zone: str) -> None:
    period = chosen(first, first + timedelta(days=length), date(2100, 1, 1), zone)
    starts = [part.start for part in period.parts]
    assert starts[0] == period.start < period.end
    assert starts == sorted(set(starts))
    assert starts[-1] < period.end
    assert len(starts) <= 13
    assert period.start.astimezone(ZoneInfo(zone)).date() == first
    assert (period.start - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < first
    days = period.days_counted
    assert (days[0], days[-1]) == (period.first, period.last + timedelta(days=1))
    assert days == sorted(set(days))
    assert len(days) <= 15
    assert period.before.end == period.start


def test_last_months_go_to_today_and_compare_with_as_many_before() -> None:
    period = preset("6", date(2026, 11, 23), "UTC")
    assert (period.first, period.last) == (date(2026, 6, 1), date(2026, 11, 23))
    assert (period.before.first, period.before.last) == (date(2025, 12, 1), date(2026, 5, 31))
    ten = chosen(date(2026, 3, 1), date(2026, 3, 10), date(2026, 11, 23), "UTC")
    assert (ten.before.first, ten.before.last) == (date(2026, 2, 19), date(2026, 2, 28))
    assert [part.key for part in chosen(date(2024, 2, 5), date(2026, 3, 1), date(2026, 11, 23), "UTC").parts][:2] == [
        "2024-Q1",
        "2024-Q2",
    ]


def test_every_table_has_a_row_for_what_it_names(world: World, now: datetime) -> None:
    made = tables(report_of(world, "marek", Narrowing(preset("6", now.date(), "UTC")), now))
    for table in made.values():
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert all(len(line) == len(table.head) for line in table.lines)
