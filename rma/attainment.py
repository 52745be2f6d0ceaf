"""How often replacements left in time: every promise of a date, also those that were followed by another unit."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.http import HttpResponse

from contracts.terms import local_date
from rozoom_support.lib.sheets import csv_download
from tickets.reports.queries import FEWEST, percent

MONTHS = 12
HEAD = ("month", "approved", "without_date", "left_in_time", "left_late", "running", "arrived_in_time", "arrived_late")
# A promise is decided when it left or when its day has passed. Dates are the warehouse's, as they were frozen.
STATEMENT = """
WITH promises AS (
  SELECT approved_at, contract_ship_by AS ship_by, promise_met AS met, deliver_target, delivered_on
  FROM rma_rma WHERE kind = 'ADVANCE' AND approved_at >= %(since)s
  UNION ALL
  SELECT (e->>'approved_at')::timestamptz, (e->>'ship_by')::date, (e->>'met')::boolean, NULL, NULL
  FROM rma_rma, jsonb_array_elements(earlier_promises) AS e
  WHERE kind = 'ADVANCE' AND (e->>'approved_at')::timestamptz >= %(since)s
)
SELECT to_char(approved_at AT TIME ZONE %(zone)s, 'YYYY-MM') AS month, count(*) AS approved,
  count(*) FILTER (WHERE ship_by IS NULL) AS without_date,
  count(*) FILTER (WHERE met) AS in_time,
  count(*) FILTER (WHERE met IS FALSE OR (met IS NULL AND ship_by < %(today)s)) AS late,
  count(*) FILTER (WHERE met IS NULL AND ship_by >= %(today)s) AS running,
  count(*) FILTER (WHERE delivered_on <= deliver_target) AS arrived_in_time,
  count(*) FILTER (WHERE delivered_on > deliver_target) AS arrived_late
FROM promises GROUP BY month ORDER BY month DESC
"""


@dataclass(frozen=True)
class Month:
    """`name` is 2026-11; the sum of all of them has none."""

    name: str
    approved: int
    without_date: int
    in_time: int
    late: int
    running: int
    arrived_in_time: int
    arrived_late: int

    @property
    def decided(self) -> int:
        return self.in_time + self.late

    @property
    def share(self) -> str:
        return share_words(self.in_time, self.decided)

    @property
    def arrived_share(self) -> str:
        return share_words(self.arrived_in_time, self.arrived_in_time + self.arrived_late)

    def as_dict(self) -> dict[str, str | int | None]:
        """For programs. The share is null for too few."""
        facts = {name: value for name, value in vars(self).items() if name != "name"}
        share = percent(self.in_time, self.decided) if self.decided >= FEWEST else None
        return {"month": self.name, **facts, "in_time_percent": share}

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.name}-01")


def share_words(part: int, whole: int) -> str:
    """A share of few says too much: the counts stand beside it."""
    if whole == 0:
        return "none yet"
    return f"{percent(part, whole)} %" if whole >= FEWEST else "too few to compare"


def by_month(now: datetime, zone: str) -> list[Month]:
    """The last twelve months with anything in them, the latest first."""
    day = local_date(now, zone)
    first = date(day.year - 1, day.month, 1)
    values: dict[str, date | str] = {"since": first, "today": day, "zone": zone}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, values)
        return [Month(*row) for row in cursor.fetchall()][:MONTHS]


def finding(all_of_them: Month) -> str:
    """The title says what came out."""
    if all_of_them.decided < FEWEST:
        return f"{all_of_them.in_time} of {all_of_them.decided} replacements left in time, too few to compare"
    return f"{all_of_them.share} of replacements left in time (n = {all_of_them.decided})"


def as_csv(months: list[Month]) -> HttpResponse:
    return csv_download("ship-by.csv", HEAD, [tuple(vars(one).values()) for one in months], is_ours=True)


def sum_of(months: list[Month]) -> Month:
    counts = [name for name in Month.__dataclass_fields__ if name != "name"]
    return Month("", *(sum(getattr(one, name) for one in months) for name in counts))
