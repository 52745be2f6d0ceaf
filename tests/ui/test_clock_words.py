"""One table of words, run against Python (what the server writes) and JavaScript (what the browser goes on with)."""

from datetime import UTC, datetime, timedelta

import pytest

from rozoom_support.lib.ui import clock

S, MIN, H, DAY = 1000, 60_000, 3_600_000, 86_400_000

# left in ms, due soon, each second, words
TABLE = [
    (48 * H, False, True, "2 days left"),
    (47 * H + 59 * MIN, False, True, "47 h 59 min left"),
    (23 * H + 59 * MIN + 59 * S, False, True, "23 h 59 min left"),
    (3 * H + 12 * MIN + 59 * S, False, True, "3 h 12 min left"),
    (2 * H, False, True, "2 h left"),
    (H + 1, False, True, "1 h left"),
    (H, False, True, "1 h left"),
    (H - S, False, True, "59 min left"),
    (52 * MIN + 30 * S, True, True, "Due soon: 52 min"),
    (10 * MIN, True, True, "Due soon: 10 min"),
    (10 * MIN - 1, True, True, "Due soon: 10 min"),
    (10 * MIN - S, True, True, "Due soon: 9 min 59 s"),
    (9 * MIN + 58 * S, True, True, "Due soon: 9 min 58 s"),
    (9 * MIN, True, True, "Due soon: 9 min 0 s"),
    (MIN, True, True, "Due soon: 1 min 0 s"),
    (MIN - S, True, True, "Due soon: 59 s"),
    (1, True, True, "Due soon: 1 s"),
    (0, True, True, "Due soon: 0 s"),
    (-1, True, True, "Overdue by 1 s"),
    (-S, False, True, "Overdue by 1 s"),
    (-S - 1, False, True, "Overdue by 2 s"),
    (-12 * MIN, False, True, "Overdue by 12 min"),
    (-(23 * H + 59 * MIN), False, True, "Overdue by 23 h 59 min"),
    (-(3 * DAY + 4 * H), False, True, "Overdue by 3 days 4 h"),
    (-(10 * DAY), False, True, "Overdue by 10 days"),
    (-(128 * DAY + H), False, True, "Overdue by 128 days"),
    (9 * MIN + 58 * S, True, False, "Due soon: 9 min"),
    (59 * S, True, False, "Due soon: under 1 min"),
    (-30 * S, False, False, "Overdue by under 1 min"),
    (-61 * S, False, False, "Overdue by 1 min"),
    (3 * H + 12 * MIN, False, False, "3 h 12 min left"),
]


@pytest.mark.parametrize("left, soon, each_second, words", TABLE)
def test_the_server_says(left, soon, each_second, words):
    assert str(clock.time_left(left, soon=soon, each_second=each_second)) == words


@pytest.mark.browser
def test_the_browser_says_the_same(open_page):
    page = open_page("/styleguide/")
    asked = [[left, soon, each_second] for left, soon, each_second, _ in TABLE]
    said = page.evaluate("rows => rows.map(row => rozoomClock.words(...row).join(''))", asked)
    assert said == [words for *_, words in TABLE]


@pytest.mark.browser
def test_a_text_stands_exactly_as_long_as_it_is_true(open_page):
    """The one timer sleeps until `stays` has passed: one millisecond earlier nothing may have changed, and then it must."""
    page = open_page("/styleguide/")
    wrong = page.evaluate(
        """() => {
        const text = (left, mode) => rozoomClock.words(left, false, mode).join("")
        const wrong = []
        for (const mode of [true, false])
          for (let left = -4000000; left < 4000000; left += 1777) {
            const stays = rozoomClock.stays(left, mode)
            const later = text(left - Math.ceil(stays), mode) !== text(left, mode)
            const coarse = Math.abs(left) > 3600000 || /^1 h/.test(text(left, mode))
            if (text(left - stays + 1, mode) !== text(left, mode) || !(later || coarse)) wrong.push([left, mode, stays])
          }
        return wrong.slice(0, 5)
      }"""
    )
    assert wrong == []


NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def face(promise: timedelta, left: timedelta) -> clock.Face:
    now_ms = clock.milliseconds(NOON)
    return clock.running_face(
        started_at=NOON + left - promise, due_at=NOON + left, now_ms=now_ms, zone="Europe/Brussels"
    )


@pytest.mark.parametrize(
    "promise_hours, left_minutes, state",
    [
        (1, 16, "ok"),  # a quarter of an hour is 15 min, and so is the floor
        (1, 15, "soon"),
        (4, 61, "ok"),
        (4, 60, "soon"),
        (24, 361, "ok"),
        (24, 360, "soon"),
        (24, 0, "soon"),  # an answer at the due instant still meets the promise
        (24, -1, "late"),
    ],
)
def test_due_soon_begins_with_the_last_quarter(promise_hours, left_minutes, state):
    assert face(timedelta(hours=promise_hours), timedelta(minutes=left_minutes)).state == state


def test_the_due_time_has_weekday_and_zone():
    assert face(timedelta(hours=4), timedelta(minutes=65)).second_line == "due Mon 23 Nov, 14:05 CET"


def test_an_answer_in_time_and_one_that_came_late():
    times = {"started_at": NOON, "due_at": NOON + timedelta(hours=1), "now_ms": 0, "zone": "UTC"}
    met = clock.stopped_face(stopped_at=NOON + timedelta(minutes=38), **times)
    late = clock.stopped_face(stopped_at=NOON + timedelta(minutes=72), **times)
    assert (met.state, str(met.words)) == ("met", "Answered in 38 min")
    assert (late.state, str(late.words)) == ("missed", "Answered 12 min late")
    ended = clock.stopped_face(stopped_at=NOON + timedelta(minutes=72), answered=False, **times)
    assert (ended.state, str(ended.words)) == ("missed", "Ended without an answer, 12 min late")


def test_an_answer_at_the_due_instant_meets_the_promise():
    due = NOON + timedelta(hours=1)
    assert clock.stopped_face(started_at=NOON, due_at=due, stopped_at=due, now_ms=0, zone="UTC").state == "met"


def test_every_state_has_a_shape():
    assert set(clock.SHAPES) == set(clock.STATES)
