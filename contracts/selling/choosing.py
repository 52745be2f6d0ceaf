"""Choosing components for a quote: what covers each today, and from when it would cost something."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from contracts import services
from contracts.coverage import COVERED_BY, Row, rows_of
from contracts.models import Component, Site
from contracts.queries import components_of
from contracts.selling.forms import QuoteForm
from contracts.selling.words import day_words
from contracts.terms import DAY, first_fee_day
from tenancy.models import Organisation

MOST_SHOWN = 300  # single components on one page; of a larger customer one site at a time, and whole sites always


@dataclass(frozen=True)
class Choice:
    row: Row
    is_marked: bool = False

    @property
    def key(self) -> str:
        return str(self.row.component.pk)

    @property
    def words(self) -> str:
        """Covered today: Agreement AG-ACME-1, until 3 Mar 2027. First fee day 4 Mar 2027."""
        coverage, row = self.row.coverage, self.row
        covered = f"{COVERED_BY[coverage.support]} {coverage.agreement}".strip()
        until = f", until {day_words(row.until)}" if row.until else ""
        return f"{covered}{until}. First fee day {day_words(self.first_fee_day)}"

    @property
    def first_fee_day(self) -> date:
        """The day after what covers it, or today."""
        row = self.row
        after = row.until + DAY if row.until and row.coverage.agreement else None
        free = first_fee_day(row.component.implemented_on) if row.component.implemented_on else None
        return max(day for day in (row.today, after, free) if day)


@dataclass(frozen=True)
class Picker:
    components: Sequence[Component]
    sites: Sequence[tuple[Site, int]]
    choices: tuple[Choice, ...]
    site: str
    kept: tuple[str, ...] = ()  # marked, but not on this page
    is_large: bool = False

    def keys_at(self, site: str) -> list[str]:
        return [str(one.pk) for one in self.components if str(one.site_id) == site]

    def marked(self, keys: Iterable[str]) -> "Picker":
        wanted = set(map(str, keys))
        here = {choice.key for choice in self.choices}
        choices = tuple(replace(choice, is_marked=choice.key in wanted) for choice in self.choices)
        return replace(self, choices=choices, kept=tuple(sorted(wanted - here)))

    @property
    def by_site(self) -> list[tuple[Site, int, list[Choice]]]:
        """Every site with how many stand there, and those that are shown."""
        return [
            (site, count, [one for one in self.choices if one.row.component.site_id == site.pk])
            for site, count in self.sites
        ]


def picker(customer: Organisation, now: datetime, *, site: str, chosen: Sequence[str]) -> Picker:
    components = list(components_of(customer))
    counts: dict[Site, int] = {}
    for one in components:
        counts[one.site] = counts.get(one.site, 0) + 1
    is_large = len(components) > MOST_SHOWN
    wanted = set(map(str, chosen))
    visible = [
        one for one in components if not is_large or str(one.site_id) == site or (not site and str(one.pk) in wanted)
    ][: 4 * MOST_SHOWN]
    choices = tuple(Choice(row, str(row.component.pk) in wanted) for row in rows_of(visible, now))
    return Picker(components, list(counts.items()), choices, site, is_large=is_large)


def first_day(pick: Picker, today: date) -> date:
    """The first day on which one of the marked costs something; nothing marked: today."""
    return min((one.first_fee_day for one in pick.choices if one.is_marked), default=today)


def offer_of(form: QuoteForm, customer: Organisation) -> services.Offer:
    """Whole years from the first day, or to the end of another agreement, counted in that one's years."""
    data, start = form.cleaned_data, form.cleaned_data["start"]
    other = form.ends.get(data["length"])
    term = (other.start_date, other.end_date) if other else services.years_from(start, int(data["length"]))
    return services.Offer(customer, form.chosen(), term, data["currency"], cover_from=start if other else None)
