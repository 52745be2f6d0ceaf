"""The sentences of the reports: what a number means, what stands out, and what was counted."""

from datetime import date, datetime

from rozoom_support.lib.ui.times import MONTHS, absolute
from sla.clock import TARGETS
from tickets.reports.period import Period
from tickets.reports.queries import FEWEST, WITHIN, Attainment, Solved, Tally, Times, percent

KINDS = {"FIRST": "First answers", "NEXT": "Next answers", "PROPOSAL": "Answers to proposed severities"}
PARTIES = {"customer": "Customer", "reseller": "Reseller", "operator": "roZoom"}
DIRECTIONS = {1: "Raise", -1: "Lower", 0: "Confirm"}
TOO_FEW = "too few to compare"
RULE = (
    "A promise counts from the report, the customer's message or the proposal, in hours that pass, at any hour of any day. "
    "It is kept when a person at roZoom answered in public, or answered the proposal, no later than it was due, and no "
    "stretch of it was missed before. It is late when it was not, and when it still runs past its due time. Running ones "
    "that are not late are not decided yet, and those that needed no answer any more are left out; both are counted apart. "
    "Month: when the promise began, in your time zone. Severity: the one it ended with."
)


def share(value: int | None, of: int) -> str:
    """ "94 % (n = 120)"; nothing at all where there is nothing."""
    if not of:
        return ""
    return f"{TOO_FEW} (n = {of:,})" if value is None else f"{value} % (n = {of:,})"


def value_words(value: int | None) -> str:
    return TOO_FEW if value is None else f"{value} %"


def day(of: date) -> str:
    return f"{of.day} {MONTHS[of.month - 1]} {of.year}"


def days(period: Period) -> str:
    return f"{day(period.first)} to {day(period.last)}"


def duration(seconds: float) -> str:
    """Two units at most: 38 min, 1 h 5 min, 2 d 3 h."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return "less than 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24 or (hours == 24 and not minutes):
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    whole, hours = divmod(hours, 24)
    return f"{whole} d {hours} h" if hours else f"{whole} d"


def title(kind: str, tally: Tally) -> str:
    """The finding, as the title of the page."""
    answers = KINDS[kind].lower()
    if not tally.total:
        return "No tickets in this period"
    if tally.percent is None:
        return f"{TOO_FEW.capitalize()}: {tally.decided} {answers} are decided"
    return f"{tally.percent} % of {answers} came on time"


def months_finding(kind: str, found: Attainment, severities: tuple[int, ...]) -> str:
    shares = {one: found.of(kind, one).percent for one in severities}
    known = {one: value for one, value in shares.items() if value is not None}
    if not found.of(kind).total:
        return "No tickets"
    if not known:
        return f"Every severity has fewer than {FEWEST} decided promises"
    worst, best = min(known, key=lambda one: known[one]), max(known, key=lambda one: known[one])
    if known[worst] == known[best]:
        return f"{known[best]} % on time" + (" at every severity" if len(known) > 1 else f" at severity {best}")
    return f"Severity {worst} is late most often: {known[worst]} % on time"


def backlog_finding(found: dict[int, list[int]], first: date) -> str:
    then, now = (sum(counts[place] for counts in found.values()) for place in (0, -1))
    if not then and not now:
        return "No tickets were open"
    more = now - then
    change = "as many as" if not more else f"{abs(more):,} {'more' if more > 0 else 'fewer'} than"
    return f"{now:,} open at the end, {change} on {day(first)}"


def times_finding(found: Times) -> str:
    if not found.total or found.median_s is None:
        return "No first answers"
    if found.total < FEWEST:
        return f"First answers: {TOO_FEW} (n = {found.total})"
    return f"Half of the first answers came within {duration(found.median_s)}"


def times_label(severity: int, found: Times) -> str:
    """92 % within 1 h (n = 38)"""
    target = int(TARGETS[severity].total_seconds())
    n = found.answered(severity)
    if not n:
        return "no answers"
    value = percent(found.within[severity][WITHIN.index(target)], n)
    return f"{value_words(value)}{f' within {target // 3600} h' if value is not None else ''} (n = {n:,})"


def solved_finding(total: Solved) -> str:
    if not total.times:
        return "No tickets were solved"
    if total.percent is None:
        return f"Opened again: {TOO_FEW} (n = {total.times})"
    return f"{total.percent} % of solved tickets were opened again"


def changes_finding(asked: dict[str, int]) -> str:
    total = sum(asked.values())
    if not total:
        return "No severity was proposed"
    most = max(asked, key=lambda party: asked[party])
    return f"{PARTIES[most]} proposed most: {asked[most]} of {total}"


def source(period: Period, now: datetime) -> str:
    """Under every plot: whose numbers, of when, as of when."""
    return f"{days(period)} ({period.zone}), as of {absolute(now, period.zone)}."
