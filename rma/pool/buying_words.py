"""What to buy for a sum, and at the last chance: in sentences, with their plots."""

from dataclasses import dataclass

from rma.pool.advice import Step as StockStep
from rma.pool.last_buy import LastBuy
from rma.pool.spending import Spending
from rma.pool.words import FLOOR, HEIGHT, Plot, bar_of, number_words, share, units_words
from rozoom_support.lib.money import shown

MOST_NAMED = 5
GROUND = 160  # of the curve, in pixels


@dataclass(frozen=True)
class Curve:
    """How the queue falls with what is spent. `points` are percents of the ground, from its upper left corner."""

    title: str
    text: str
    points: str
    ticks: tuple[tuple[str, str, str], ...]  # place, anchor, words
    top_words: str
    ground: int = GROUND


# For a sum ------------------------------------------------------------------------------------------------------------


def spending_finding(found: Spending) -> str:
    """The first sentence: what to do, and what it changes."""
    if not found.steps:
        return "Buy nothing for this sum."
    count = len(found.steps)
    falls = f"Requests that wait fall from {few(found.before)} to {few(found.after)} on average."
    return f"Buy {units_words(count)} for {shown(found.spent, found.currency)}. {falls}"


def spending_reasons(found: Spending) -> list[str]:
    said = []
    if not found.lines:
        said.append("No product with a list price in this currency is asked for today.")
    elif found.steps:
        first = found.steps[0]
        said.append(
            f"Each unit goes where it shortens the queue most for its price: first a {first.product.name} for "
            f"{shown(first.cost, found.currency)}, which takes the queue to {few(first.waiting)}."
        )
        most = max(found.lines, key=lambda line: line.bought)
        if most.bought:
            said.append(
                f"{most.product.name} gets {most.bought}: with {most.owned} it would meet {share(most.fill_before)} of its "
                f"requests from the shelf, with {most.after} it meets {share(most.fill_after)}."
            )
    said += _left_words(found)
    if found.unpriced:
        names = ", ".join(one.sku for one in found.unpriced[:MOST_NAMED])
        more = f" and {len(found.unpriced) - MOST_NAMED} more" if len(found.unpriced) > MOST_NAMED else ""
        said.append(f"Left out, because there is no list price in {found.currency}: {names}{more}.")
    return said


def _left_words(found: Spending) -> list[str]:
    if found.left <= 0 or not found.lines:
        return []
    left = f"{shown(found.left, found.currency)} {'are left' if found.steps else 'are there'}"
    if found.cheapest is None:
        return [f"{left}: a further unit would hardly shorten the queue."]
    return [f"{left}: the next unit that helps costs at least {shown(found.cheapest, found.currency)}."]


def curve(found: Spending) -> Curve | None:
    """None where nothing is bought: there is nothing to draw."""
    if not found.steps or found.before <= 0:
        return None
    points = ["0,0"]
    high = 0.0
    for step in found.steps:
        x = 100 * float(step.spent / found.spent)
        points.append(f"{x:.2f},{high:.2f}")
        high = 100 * (1 - step.waiting / found.before)
        points.append(f"{x:.2f},{high:.2f}")
    return Curve(
        title="Requests that wait, by what is spent",
        text=f"From {few(found.before)} with nothing spent to {few(found.after)} with {shown(found.spent, found.currency)}.",
        points=" ".join(points),
        ticks=(
            ("0", "start", shown(found.spent * 0, found.currency)),
            ("100%", "end", shown(found.spent, found.currency)),
        ),
        top_words=few(found.before),
    )


def few(value: float) -> str:
    """1.25, 0.04, less than 0.01"""
    if 0 < value < 0.005:
        return "less than 0.01"
    return f"{value:.2f}".rstrip("0").rstrip(".")


# At the last chance ---------------------------------------------------------------------------------------------------


def last_buy_finding(found: LastBuy) -> str:
    if found.demand == 0:
        return "Buy none: nobody would get a replacement in advance today."
    if not found.in_all:
        return "Buy none: nothing is expected to be scrapped."
    besides = (
        f" {found.advised} for what will be scrapped, {found.lacks} to own what the pool should own."
        if found.lacks
        else ""
    )
    return f"Buy {found.in_all} now.{besides}"


def last_buy_reasons(found: LastBuy) -> list[str]:
    if found.demand == 0:
        return []
    part, seen = percent(found.scrap_share), found.seen
    if seen.is_assumed:
        known = f"{seen.cases or 'None'} came back so far, too few to tell: 10 % is assumed unless you say otherwise."
    else:
        known = f"In three years {seen.number} of {seen.cases} failed units were scrapped: {percent(seen.share)}."
    years = f"{number_words(found.years)} year{'' if found.years == 1 else 's'}"
    said = [
        f"{number_words(found.demand)} requests a year, as today.",
        f"{part} of the failed units are scrapped. {known}",
        f"So {few(found.lost)} units are lost in {years}, on average.",
    ]
    here = next((one for one in found.chances if one.is_advised), None)
    less = next((one for one in found.chances if one.units == found.advised - 1), None)
    if here is not None and found.advised:
        but = f"; {less.units} would be in {share(less.enough)}" if less else ""
        said.append(f"{units_words(found.advised).capitalize()} are enough in {share(here.enough)} of all cases{but}.")
    return said


def last_buy_plot(found: LastBuy) -> Plot:
    columns = len(found.chances)
    steps = [
        StockStep(one.units, one.enough, 0, 0, 0, is_advised=one.is_advised, is_kept=False) for one in found.chances
    ]
    said = ". ".join(f"{units_words(one.units)}: {share(one.enough)}" for one in found.chances)
    target = share(found.certainty)
    return Plot(
        title=f"How sure it is that so many are enough: {found.product}",
        text=f"{said}. Asked for is {target}.",
        bars=tuple(bar_of(step, place, columns) for place, step in enumerate(steps)),
        target_y=round(FLOOR - HEIGHT * found.certainty, 1),
        target=target,
        caption=f"How sure it is, in percent, that so many units are enough. The line is the {target} that was asked for.",
        mark="buy",
    )


def percent(part: float) -> str:
    return f"{round(100 * part, 1):g} %"
