"""The advice on stock in sentences, and its plot."""

from dataclasses import dataclass

from rma.pool.advice import ONE_MORE_HABIT, Advice, Step
from rma.pool.history import ENOUGH, Leg
from rozoom_support.lib.ui.times import MONTHS

TOP, HEIGHT = 26, 130  # of the ground of the plot, in pixels
FLOOR = TOP + HEIGHT
GAP = 0.22  # of a column
MOST_BARS = 9


@dataclass(frozen=True)
class Bar:
    x: str
    width: str
    y: float
    height: float
    middle: str
    fill: str
    units: int
    is_advised: bool
    is_kept: bool


@dataclass(frozen=True)
class Plot:
    title: str
    text: str
    bars: tuple[Bar, ...]
    target_y: float
    target: str
    caption: str
    mark: str = "keep"
    floor: int = FLOOR
    height: int = FLOOR + 44


def finding(advice: Advice) -> str:
    """The page's first sentence."""
    if advice.demand == 0:
        return "Keep none: nobody would get a replacement in advance today."
    keep = f"Keep {advice.advised}."
    if not advice.level:
        return f"{keep} No number is set yet."
    if advice.level == advice.advised:
        return f"{keep} That is the number set now."
    more = advice.advised - advice.level
    return f"{keep} That is {abs(more)} {'more' if more > 0 else 'fewer'} than the {advice.level} set now."


def reasons(advice: Advice) -> list[str]:
    return [*_who(advice), *_how_often(advice), *_how_long(advice), *_so(advice)]


def late_words(advice: Advice) -> list[str]:
    """What late returns cost in units."""
    times, said = advice.times, []
    if times.late_days >= 0.5:
        days = number_words(times.late_days)
        days = f"{days} day{'' if days == '1' else 's'}"
        cost = f"costs {units_words(advice.late_costs)}" if advice.late_costs else "costs no unit so far"
        said.append(f"Failed parts come back {days} late on average. That {cost}.")
    if times.late_now:
        said.append(f"{times.late_now} {'is' if times.late_now == 1 else 'are'} late now.")
    if advice.habit_costs:
        habit = f"If every part came {ONE_MORE_HABIT:.0f} days later"
        said.append(f"{habit}, {units_words(advice.habit_costs)} more would be needed.")
    return said


def unusual_words(advice: Advice) -> str:
    """Failures that come together break the sums."""
    if not advice.is_unusual:
        return ""
    return (
        f"{_times(advice.failures.recent)} in 30 days. Chance explains up to {advice.usual}. "
        "Look for a common cause, such as a bad batch, before you go by these numbers."
    )


def plot(advice: Advice) -> Plot:
    steps = _shown(advice.steps)
    columns = len(steps)
    bars = tuple(bar_of(step, place, columns) for place, step in enumerate(steps))
    said = ". ".join(f"{units_words(one.units)}: {share(one.fill)}" for one in steps)
    return Plot(
        title=f"Requests met from the shelf, by units kept: {advice.product}",
        text=f"{said}. The target is {share(advice.target)}.",
        bars=bars,
        target_y=round(FLOOR - HEIGHT * advice.target, 1),
        target=f"target {share(advice.target)}",
        caption=f"Requests met from the shelf in percent, by units kept. The line is the target {share(advice.target)}.",
    )


def share(part: float) -> str:
    """98.2 %; never 100 % for what is less."""
    percent = min(round(100 * part, 1), 99.9) if part < 1 else 100.0
    return f"{percent:g} %"


def _who(advice: Advice) -> list[str]:
    installed = advice.failures.installed
    words = f"{advice.entitled:,} of {installed:,} installed would get a replacement in advance today."
    return [words if advice.entitled else f"None of {installed:,} installed would get a replacement in advance today."]


def _how_often(advice: Advice) -> list[str]:
    failures = advice.failures
    if failures.unit_years == 0 and failures.number == 0:
        return [f"No return was filed here yet. So {number_words(100 * advice.rate)} % a year is assumed."]
    day = f"{failures.since.day} {MONTHS[failures.since.month - 1]} {failures.since.year}"
    seen = f"{_times(failures.number)} in {number_words(failures.unit_years)} unit-years since {day}."
    return [f"{seen} With the 3 % assumed at first, that makes {number_words(100 * advice.rate)} % a year."]


def _how_long(advice: Advice) -> list[str]:
    times = advice.times
    back, repair = _leg(times.coming_back), _leg(times.repair)
    return [
        f"A unit is away {times.days:.0f} days: {back} until the failed part is back, {repair} until a good one is."
    ]


def _so(advice: Advice) -> list[str]:
    if advice.demand == 0:
        return []
    found = next((step for step in advice.steps if step.is_advised), None)
    away = f"So {number_words(advice.demand)} requests a year, and {number_words(advice.mu)} units away at any moment."
    if found is None:
        return [away]
    less = next((step for step in advice.steps if step.units == advice.advised - 1), None)
    but = f", {less.units} would meet {share(less.fill)}" if less else ""
    met = f"{units_words(advice.advised).capitalize()} meet{'s' if advice.advised == 1 else ''} {share(found.fill)} of them{but}."
    return [away, f"{met} The target is {share(advice.target)}; for 99 % it would be {advice.strict}."]


def _leg(leg: Leg) -> str:
    if leg.is_agreed:
        few = "none so far" if leg.cases == 0 else f"fewer than {ENOUGH} so far"
        return f"{leg.days:.0f} (as agreed, {few})"
    return f"{leg.days:.0f} (mean of {leg.cases})"


def _shown(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """As many as fit a phone, with the advice among them."""
    if len(steps) <= MOST_BARS:
        return steps
    place = next((number for number, step in enumerate(steps) if step.is_advised), 0)
    start = max(0, min(place - MOST_BARS + 3, len(steps) - MOST_BARS))
    return steps[start : start + MOST_BARS]


def bar_of(step: Step, place: int, columns: int) -> Bar:
    height = round(HEIGHT * step.fill, 1)
    return Bar(
        x=f"{100 * (place + GAP / 2) / columns:.2f}%",
        width=f"{100 * (1 - GAP) / columns:.2f}%",
        y=round(FLOOR - height, 1),
        height=height,
        middle=f"{100 * (place + 0.5) / columns:.2f}%",
        fill=share(step.fill).removesuffix(" %"),
        units=step.units,
        is_advised=step.is_advised,
        is_kept=step.is_kept,
    )


def _times(number: int) -> str:
    return {0: "No failure", 1: "1 failure"}.get(number, f"{number:,} failures")


def units_words(number: int) -> str:
    return f"{number:,} unit{'' if number == 1 else 's'}"


def number_words(value: float) -> str:
    """1.5, 12, 380"""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}".removesuffix(".0")
