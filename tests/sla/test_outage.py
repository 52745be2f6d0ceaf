"""The sweeper comes back after six hours: missed levels are on record, nobody is told of a clock twice, each says how late."""

import re
from collections import Counter
from datetime import timedelta

from django.db import connection

from notifications.delivery import deliver
from notifications.expansion import expand
from notifications.models import Delivery, Notice
from sla import services
from sla.models import Escalation, LadderStep
from sla.sweeper import sweep_all
from tenancy.context import work_unit
from tests.notifications.conftest import mail_server  # noqa: F401
from tests.notifications.smtp import Handler
from tests.sla.promises import STAFF, WORKER, database_time, last_segment, levels, many_reported, reported
from tests.world import World
from tickets.models import Ticket

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TOPIC = "sla.escalated"
ESCALATIONS = Delivery.objects.filter(event__topic=TOPIC)
ALL = list(range(1, 12))
# Of the default ladder, where nobody has the ticket and it has no team: the agents at 50 and 75 %, where the reseller's
# agents hear of it, too; both managers at the due time and eight times after it.
EVERYBODY = {"marek", "rita", "dirk", "duty", "dora"}


def fire_as_of(one: Ticket, after: timedelta) -> None:
    """A sweeper that was there at that time."""
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute("SELECT app.fire_levels(ARRAY[%s], %s, false)", [last_segment(one).pk, one.reported_at + after])


def answer(one: Ticket) -> None:
    with work_unit(STAFF):
        services.stop_for_answer(customer_id=one.customer_id, ticket_id=one.pk)


def mailed() -> dict[int, Counter[str]]:
    """How many mails of each ticket for whom."""
    with work_unit(WORKER):
        found: dict[int, Counter[str]] = {}
        for one in ESCALATIONS.select_related("event"):
            found.setdefault(one.event.ticket_id, Counter())[one.recipient.partition("@")[0]] += 1
        return found


def test_each_missed_level_is_on_record_and_each_person_told_once_of_each_clock(world: World) -> None:
    """23 mails a clock before; the highest level somebody hears of says it all."""
    now = database_time()
    barely = [reported(world, 50 * MINUTE) for _ in range(2)]
    down = many_reported(world, [now - 7 * HOUR] * 6)
    assert sweep_all().fired == 6 * 11 + 2 * 2
    assert [levels(one) for one in [*down, *barely]] == [ALL] * 6 + [[1, 2]] * 2
    expand(seconds=60)
    told = mailed()
    assert [told[one.pk] for one in down] == [Counter(EVERYBODY)] * 6
    assert [told[one.pk] for one in barely] == [Counter({"marek", "rita", "dirk"})] * 2
    with work_unit(WORKER):
        notices = Counter(Notice.objects.filter(topic=TOPIC).values_list("person__email", flat=True))
    assert notices == {f"{name}@test.example": 6 + 2 * (name in ("marek", "rita", "dirk")) for name in EVERYBODY}


def test_told_is_the_highest_level_and_how_late_it_was_noticed(world: World) -> None:
    # The sweep is judged by the beginning of the test's transaction, a little earlier than this.
    (one,) = many_reported(world, [database_time() - 7 * HOUR - timedelta(minutes=2, seconds=59)])
    sweep_all()
    expand(seconds=60)
    with work_unit(WORKER):
        mails = {mail.recipient.partition("@")[0]: mail for mail in ESCALATIONS.defer(None)}
        said = {notice.person.email.partition("@")[0]: notice.title for notice in Notice.objects.filter(topic=TOPIC)}
    assert "overdue by 6 h" in mails["duty"].subject
    assert "Step of the ladder: 4 h after the due time" in mails["duty"].text
    assert "Step of the ladder: 75 %" in mails["marek"].text
    assert {name: late(mail.text) for name, mail in mails.items()} == {
        **dict.fromkeys(("marek", "rita", "dirk"), "6 h 17 min"),
        **dict.fromkeys(("duty", "dora"), "2 h 2 min"),
    }
    assert said["duty"] == "Overdue, severity 1: no first answer yet (noticed 2 h 2 min late)"
    assert last_segment(one).outcome == "MISSED"


def late(text: str) -> str:
    found = re.search(r"It was noticed (.+) late\.", text)
    return found[1] if found else ""


def test_what_was_told_before_the_outage_is_not_told_again(world: World) -> None:
    (one,) = many_reported(world, [database_time() - 7 * HOUR])
    fire_as_of(one, 31 * MINUTE)
    fire_as_of(one, 46 * MINUTE)
    expand(seconds=60)
    before = mailed()[one.pk]
    sweep_all()
    expand(seconds=60)
    assert before == Counter({"marek": 2, "rita": 2, "dirk": 1})
    assert mailed()[one.pk] - before == Counter({"duty", "dora"})


def test_levels_that_come_in_their_time_are_told_one_by_one(world: World) -> None:
    (one,) = many_reported(world, [database_time() - 7 * HOUR])
    for minutes in (30, 45, 60, 90, 120):
        fire_as_of(one, minutes * MINUTE)
    expand(seconds=60)
    assert mailed()[one.pk]["duty"] == 3


def test_a_higher_level_counts_as_it_was_fired_not_as_the_ladder_says_since(world: World) -> None:
    (one,) = many_reported(world, [database_time() - 70 * MINUTE])
    sweep_all()
    with work_unit(STAFF):
        LadderStep.objects.filter(severity=1, level=3).update(recipients=["assignee_or_team"])
    expand(seconds=60)
    assert mailed()[one.pk] == Counter(EVERYBODY)


def test_of_a_clock_that_stopped_before_anybody_was_told_nobody_is(
    world: World,
    mail_server: Handler,  # noqa: F811
) -> None:
    now = database_time()
    at_once, before_sending, never = many_reported(world, [now - 7 * HOUR] * 3)
    sweep_all()
    answer(at_once)
    expand(seconds=60)
    answer(before_sending)
    deliver(seconds=60)
    assert mailed().keys() == {before_sending.pk, never.pk}
    with work_unit(WORKER):
        states = Counter(ESCALATIONS.values_list("event__ticket_id", "state"))
        rows = Escalation.objects.filter(segment__ticket_id=at_once.pk).count()
    assert states == {(before_sending.pk, "DROPPED"): 5, (never.pk, "SENT"): 5}
    told = [mail for mail in mail_server.mails if "overdue" in str(mail["Subject"])]
    assert len(told) == 5
    assert rows == 11
    assert all(never.reference in str(mail["Subject"]) for mail in told)


def test_the_most_severe_are_told_first(world: World) -> None:
    for severity in (3, 2, 1, 3):
        reported(world, 40 * HOUR, severity=severity)
    sweep_all()
    expand(seconds=60)
    with work_unit(WORKER):
        order = list(ESCALATIONS.order_by("pk").values_list("severity", flat=True))
    assert order == sorted(order)
    assert set(order) == {1, 2, 3}
