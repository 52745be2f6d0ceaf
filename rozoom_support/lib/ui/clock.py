"""How much time is left, in words. `static/rozoom/clock.js` holds the same rules for the browser; tests/ui/test_clock_words.py
runs one table against both."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from rozoom_support.lib.ui.times import deadline

State = Literal["ok", "soon", "late", "paused", "met", "missed", "none"]
STATES: tuple[str, ...] = get_args(State)

SHAPES: dict[str, str] = {
    "ok": "i-clock",
    "soon": "s2",
    "late": "s1",
    "paused": "i-pause",
    "met": "i-tick",
    "missed": "s1",
    "none": "i-dash",
}

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Words:
    before: str
    amount: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.amount}{self.after}"


def amount(seconds: int, *, each_second: bool = True) -> str:
    """Two units at most; "min" and never "m", which a screen reader says as metre."""
    if seconds < 10 * MINUTE and each_second:
        return f"{seconds // MINUTE} min {seconds % MINUTE} s" if seconds >= MINUTE else f"{seconds} s"
    if seconds < MINUTE:
        return "under 1 min"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < 2 * DAY:
        return _two(seconds // HOUR, "h", seconds % HOUR // MINUTE, "min")
    if seconds < 10 * DAY:
        return _two(seconds // DAY, "days", seconds % DAY // HOUR, "h")
    return f"{seconds // DAY} days"


def _two(big: int, big_unit: str, small: int, small_unit: str) -> str:
    return f"{big} {big_unit} {small} {small_unit}" if small else f"{big} {big_unit}"


def whole_seconds(milliseconds: int) -> int:
    """Away from zero, so that "1 s left" stands until the due instant and "Overdue by 1 s" follows it at once."""
    return -(-abs(milliseconds) // 1000)


def time_left(left_ms: int, *, soon: bool, each_second: bool = True) -> Words:
    text = amount(whole_seconds(left_ms), each_second=each_second)
    if left_ms < 0:
        return Words("Overdue by ", text, "")
    if soon:
        return Words("Due soon: ", text, "")
    return Words("", text, " left")


def soon_from(started_at: datetime, due_at: datetime) -> datetime:
    """The last quarter of the promise, or the last 15 minutes if that is longer (docs/design-system.md, "Clock")."""
    return due_at - max((due_at - started_at) / 4, timedelta(minutes=15))


def milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def plain_duration(duration: timedelta) -> str:
    return amount(int(duration.total_seconds()))


@dataclass(frozen=True)
class Face:
    """Everything the clock cell shows at `now_ms`."""

    state: str
    words: Words
    second_line: str
    due_at: datetime | None
    due_ms: int | None
    soon_ms: int | None

    @property
    def runs(self) -> bool:
        return self.state in ("ok", "soon", "late")

    @property
    def shape(self) -> str:
        return SHAPES[self.state]


def running_face(*, started_at: datetime, due_at: datetime, now_ms: int, zone: str, each_second: bool = True) -> Face:
    due_ms, soon_ms = milliseconds(due_at), milliseconds(soon_from(started_at, due_at))
    left = due_ms - now_ms
    state = "late" if left < 0 else "soon" if now_ms >= soon_ms else "ok"
    words = time_left(left, soon=state == "soon", each_second=each_second)
    return Face(state, words, f"due {deadline(due_at, zone, now_ms)}", due_at, due_ms, soon_ms)


def stopped_face(
    *, started_at: datetime, due_at: datetime, stopped_at: datetime, now_ms: int, zone: str, answered: bool = True
) -> Face:
    """Not `answered`: it was withdrawn, merged or solved by the customer after the due time."""
    second_line = f"due {deadline(due_at, zone, now_ms)}"
    if stopped_at <= due_at:
        words = Words("Answered in ", plain_duration(stopped_at - started_at), "")
        return Face("met", words, second_line, due_at, None, None)
    words = Words(
        "Answered " if answered else "Ended without an answer, ", plain_duration(stopped_at - due_at), " late"
    )
    return Face("missed", words, second_line, due_at, None, None)


def paused_face(*, due_at: datetime | None, waiting_for: str) -> Face:
    return Face("paused", Words("Paused: ", f"waiting for {waiting_for}", ""), "", due_at, None, None)


def no_face(reason: str = "No promise runs") -> Face:
    return Face("none", Words(reason, "", ""), "", None, None, None)
