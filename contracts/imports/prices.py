"""Price lists: prices of a product and currency follow each other without overlap and without a gap.

A price without a last day holds until the next one begins, in the file and in the database alike. So a new price ends the one
that is open, and the same file again changes nothing.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from contracts.imports.components import ChangedMeanwhile
from contracts.imports.staging import note_problems
from contracts.models import ImportRun
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

HEADING = ["Line", "Product", "Currency", "List price", "From", "To", "What happens"]

# The prices of the file and those in the database that it does not name, in their order, each beside its neighbours.
LINED = """
mine AS (
  SELECT line, found_product AS p, currency AS c, first_day AS d, last_day AS t FROM contracts_importrow
  WHERE run_id = %(run)s AND found_product IS NOT NULL AND currency IS NOT NULL AND first_day IS NOT NULL {good}),
theirs AS (
  SELECT e.id, e.product_id AS p, e.currency AS c, e.valid_from AS d, e.valid_to AS t FROM contracts_pricelistentry e
  WHERE (e.product_id, e.currency) IN (SELECT p, c FROM mine)
    AND (e.product_id, e.currency, e.valid_from) NOT IN (SELECT p, c, d FROM mine)),
lined AS (
  SELECT *, lead(d) OVER follows AS next_d, lead(line) OVER follows AS next_line, lag(t) OVER follows AS before_t,
    lag(line) OVER follows AS before_line, lag(d) OVER follows AS before_d
  FROM (SELECT line, NULL::uuid AS id, p, c, d, t FROM mine UNION ALL SELECT NULL, id, p, c, d, t FROM theirs) entry
  WINDOW follows AS (PARTITION BY p, c ORDER BY d, line NULLS FIRST))"""
ALL_LINED = LINED.format(good="")
GOOD_LINED = LINED.format(good="AND outcome <> 'bad'")

FIND = """
UPDATE contracts_importrow r SET found_product = p.id, found_id = e.id, old_amount = e.list_price, old_day = e.valid_to
FROM contracts_importrow s
LEFT JOIN contracts_product p ON upper(p.sku) = s.product
LEFT JOIN contracts_pricelistentry e ON e.product_id = p.id AND e.currency = s.currency AND e.valid_from = s.first_day
WHERE r.run_id = %(run)s AND s.run_id = r.run_id AND s.line = r.line"""
COMPARE = """
WITH LINED
UPDATE contracts_importrow r SET new_day = coalesce(r.last_day, l.next_d - 1),
  outcome = CASE WHEN r.is_bad THEN 'bad' WHEN r.found_id IS NULL THEN 'new'
    WHEN r.amount <> r.old_amount OR coalesce(r.last_day, l.next_d - 1) IS DISTINCT FROM r.old_day THEN 'changed'
    ELSE 'same' END
FROM contracts_importrow s LEFT JOIN lined l ON l.line = s.line
WHERE r.run_id = %(run)s AND s.run_id = r.run_id AND s.line = r.line"""

CHECKS = """
WITH LINED, r AS NOT MATERIALIZED (SELECT * FROM contracts_importrow WHERE run_id = %(run)s)
SELECT line, 'product' AS col, product AS value, 'There is no product with this SKU.' AS reason
  FROM r WHERE product IS NOT NULL AND found_product IS NULL
UNION ALL SELECT line, 'valid_from', d::text, format('The same product, currency and first day stand in line %%s.', before_line)
  FROM lined WHERE line IS NOT NULL AND before_line IS NOT NULL AND d = before_d
UNION ALL SELECT line, 'valid_from', d::text, format('It overlaps the price before it, which ends on %%s.', before_t)
  FROM lined WHERE line IS NOT NULL AND before_t >= d AND before_d < d
UNION ALL SELECT line, 'valid_to', t::text, format('It overlaps the price that begins on %%s.', next_d)
  FROM lined WHERE line IS NOT NULL AND next_line IS NULL AND t >= next_d
UNION ALL SELECT line, 'valid_from', d::text, format('There is no price from %%s to %%s.', before_t + 1, d - 1)
  FROM lined WHERE line IS NOT NULL AND before_t + 1 < d
UNION ALL SELECT line, 'valid_to', t::text, format('There is no price from %%s to %%s.', t + 1, next_d - 1)
  FROM lined WHERE line IS NOT NULL AND next_line IS NULL AND t + 1 < next_d
UNION ALL SELECT line, 'list_price', trim_scale(amount)::text,
    format('Quotes were made with the price %%s. Give the new price a later first day.', trim_scale(old_amount))
  FROM r WHERE amount <> old_amount
    AND EXISTS (SELECT FROM contracts_agreementline l WHERE l.price_list_entry_id = r.found_id)"""
# A price list with a hole in it is not good: what belongs together is written together or not at all.
TOGETHER = """
SELECT r.line, '' AS col, '' AS value, format('Another row of this product and currency is not good: line %%s.', b.line) AS reason
FROM contracts_importrow r JOIN (
  SELECT product, currency, min(line) AS line FROM contracts_importrow
  WHERE run_id = %(run)s AND outcome = 'bad' GROUP BY product, currency) b
  ON b.product = r.product AND b.currency = r.currency
WHERE r.run_id = %(run)s AND r.outcome <> 'bad'"""

SHOW = """
WITH LINED
SELECT r.line, r.product, r.currency, trim_scale(r.amount)::text, r.first_day::text, coalesce(r.new_day::text, ''),
  concat_ws('; ', CASE WHEN r.outcome = 'new' THEN 'is added' END,
    CASE WHEN r.amount <> r.old_amount THEN 'price was ' || trim_scale(r.old_amount) END,
    CASE WHEN r.found_id IS NOT NULL AND r.new_day IS DISTINCT FROM r.old_day
      THEN 'last day was ' || coalesce(r.old_day::text, 'open') END,
    CASE WHEN l.before_line IS NULL AND l.before_d IS NOT NULL AND l.before_t IS NULL
      THEN format('the price from %%s ends on %%s', l.before_d, l.d - 1) END)
FROM contracts_importrow r JOIN lined l ON l.line = r.line
WHERE r.run_id = %(run)s AND r.outcome = %(outcome)s ORDER BY r.line LIMIT %(most)s"""

END_OPEN = """
WITH LINED
UPDATE contracts_pricelistentry e SET valid_to = l.next_d - 1 FROM lined l
WHERE e.id = l.id AND l.t IS NULL AND l.next_line IS NOT NULL"""
CHANGE = """
UPDATE contracts_pricelistentry e SET list_price = r.amount, valid_to = r.new_day FROM contracts_importrow r
WHERE r.run_id = %(run)s AND r.outcome = 'changed' AND e.id = r.found_id
  AND e.list_price = r.old_amount AND e.valid_to IS NOT DISTINCT FROM r.old_day"""
ADD = """
INSERT INTO contracts_pricelistentry (id, product_id, currency, list_price, valid_from, valid_to)
SELECT key, found_product, currency, amount, first_day, new_day
FROM contracts_importrow WHERE run_id = %(run)s AND outcome = 'new' ORDER BY line"""


def _lined(sql: str, lined: str = ALL_LINED) -> str:
    return sql.replace("LINED", lined, 1)


def judge(run_id: UUID) -> int:
    """Fill what the database says about each row. Returns how many faults it found."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"run": run_id})
        cursor.execute(_lined(COMPARE), {"run": run_id})
    return note_problems(run_id, _lined(CHECKS)) + note_problems(run_id, TOGETHER)


def preview(run_id: UUID, outcome: str, most: int) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_lined(SHOW, GOOD_LINED), {"run": run_id, "outcome": outcome, "most": most})
        return [list(row) for row in cursor.fetchall()]


def write(run: ImportRun, actor: Actor, now: datetime) -> str:
    """Write every good row. Raises ChangedMeanwhile. Returns what else is to be said."""
    values = {"run": run.pk}
    with connection.cursor() as cursor:
        cursor.execute(_lined(END_OPEN, GOOD_LINED), values)
        ended = cursor.rowcount
        cursor.execute(CHANGE, values)
        if cursor.rowcount != run.changed:
            raise ChangedMeanwhile
        cursor.execute(ADD, values)
    operator = Organisation.objects.get(kind=Kind.OPERATOR)
    audit.record(
        actor,
        customer_id=operator.pk,
        chain=f"organisation:{operator.pk}",
        verb="prices.imported",
        now=now,
        kind=audit.INTERNAL,
        file=run.file_name,
        sha256=run.sha256,
        new=run.new,
        changed=run.changed,
    )
    return f"{ended:,} open price{'s' if ended != 1 else ''} ended the day before the next" if ended else ""
