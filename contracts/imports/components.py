"""Components: which rows are new, changed, the same or bad, and writing them. All set-based, in the caller's transaction.

An empty cell leaves what is there; only a move takes the location of the file as it is.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from contracts.imports.staging import note_problems
from contracts.models import ImportRun, Site
from tenancy import audit
from tenancy.actor import Actor

HEADING = ["Line", "Customer", "Site", "Product", "Serial", "Location", "Implemented", "Warranty until", "What happens"]

FIND = """
UPDATE contracts_importrow r SET
  found_owner = f.owner, found_seller = f.seller, found_product = f.product, found_site = f.site, found_id = f.component,
  old_site = f.old_site, old_text = f.old_location, old_day = f.old_day, new_text = f.location, new_day = f.new_day,
  is_move = f.is_move, makes_warranty = f.makes_warranty,
  outcome = CASE WHEN r.is_bad THEN 'bad' WHEN f.component IS NULL THEN 'new'
    WHEN f.is_move OR f.location <> f.old_location OR f.new_day IS DISTINCT FROM f.old_day OR f.makes_warranty THEN 'changed'
    ELSE 'same' END
FROM (
  SELECT g.*, g.last_day IS NOT NULL AND w.id IS NULL AS makes_warranty,
    CASE WHEN g.component IS NULL OR g.is_move THEN coalesce(g.typed, '') ELSE coalesce(g.typed, g.old_location) END AS location
  FROM (
    SELECT r.line, r.location AS typed, r.last_day, c.id AS owner, c.reseller_id AS seller, p.id AS product, s.id AS site,
      k.id AS component, k.site_id AS old_site, k.location AS old_location, k.implemented_on AS old_day,
      coalesce(r.first_day, k.implemented_on) AS new_day,
      k.id IS NOT NULL AND s.id IS DISTINCT FROM k.site_id AS is_move
    FROM contracts_importrow r
    LEFT JOIN tenancy_organisation c ON upper(c.code) = r.customer AND c.kind = 'CUSTOMER'
    LEFT JOIN contracts_product p ON upper(p.sku) = r.product
    LEFT JOIN contracts_site s ON s.customer_id = c.id AND upper(s.name) = upper(r.site)
    LEFT JOIN contracts_component k ON k.product_id = p.id AND k.serial_normal = r.serial_normal AND k.state <> 'RETURNED'
    WHERE r.run_id = %(run)s
  ) g
  LEFT JOIN contracts_warrantycoverage w ON w.customer_id = g.owner AND w.component_id = g.component
    AND w.kind = 'STANDARD' AND w.start_date = g.new_day AND w.end_date = g.last_day
) f
WHERE r.run_id = %(run)s AND r.line = f.line"""

CHECKS = """
WITH r AS NOT MATERIALIZED (SELECT * FROM contracts_importrow WHERE run_id = %(run)s),
-- The component there is, where it is this customer's and in use: only that one is compared.
own AS NOT MATERIALIZED (
  SELECT r.* FROM r JOIN contracts_component k ON k.id = r.found_id AND k.customer_id = r.found_owner AND k.state = 'IN_USE'),
new_site AS NOT MATERIALIZED (
  SELECT line, site, zone, max(zone) OVER same AS any_zone,
    first_value(zone) OVER (same ORDER BY zone IS NULL, line) AS first_zone
  FROM r WHERE found_owner IS NOT NULL AND found_site IS NULL AND site IS NOT NULL
  WINDOW same AS (PARTITION BY found_owner, upper(site)))
SELECT line, 'customer' AS col, customer AS value, 'There is no customer with this code.' AS reason
  FROM r WHERE customer IS NOT NULL AND found_owner IS NULL
UNION ALL SELECT r.line, 'customer', r.customer, 'This customer is not active.'
  FROM r JOIN tenancy_organisation c ON c.id = r.found_owner WHERE NOT c.is_active
UNION ALL SELECT line, 'product', product, 'There is no product with this SKU.'
  FROM r WHERE product IS NOT NULL AND found_product IS NULL
UNION ALL SELECT line, 'site', site, 'This customer has no such site. Give its site_time_zone to make it.'
  FROM new_site WHERE any_zone IS NULL
UNION ALL SELECT line, 'site_time_zone', zone, format('Another row makes this site in %%s.', first_zone)
  FROM new_site WHERE zone <> first_zone
UNION ALL SELECT r.line, 'site', r.site, 'This site is not active.'
  FROM r JOIN contracts_site s ON s.id = r.found_site WHERE NOT s.is_active
UNION ALL SELECT r.line, 'site_time_zone', r.zone,
    format('This site is in %%s. An import does not change the zone in which dates count.', s.time_zone)
  FROM r JOIN contracts_site s ON s.id = r.found_site WHERE r.zone <> s.time_zone
UNION ALL SELECT line, 'serial', serial, format('The same product and serial stand in line %%s.', first_line)
  FROM (SELECT line, serial, first_value(line) OVER (PARTITION BY found_product, serial_normal ORDER BY line) AS first_line
    FROM r WHERE found_product IS NOT NULL AND serial_normal IS NOT NULL) d WHERE line <> first_line
UNION ALL SELECT r.line, 'serial', r.serial, 'This serial is taken.'
  FROM r JOIN contracts_component k ON k.id = r.found_id WHERE k.customer_id <> r.found_owner
UNION ALL SELECT r.line, 'serial', r.serial,
    format('This component is %%s. An import changes only what is in use.', lower(k.state))
  FROM r JOIN contracts_component k ON k.id = r.found_id WHERE k.customer_id = r.found_owner AND k.state <> 'IN_USE'
UNION ALL SELECT line, 'implemented_on', first_day::text, format('%%s %%s this component as implemented %%s. '
    'A change would move days that were quoted. Change it in Administration.', string_agg(DISTINCT number, ', '),
    CASE WHEN count(DISTINCT number) = 1 THEN 'lists' ELSE 'list' END, coalesce('on ' || old_day, 'on an unknown day'))
  FROM (SELECT own.line, own.first_day, own.old_day, a.number FROM own
    JOIN contracts_agreementline l ON l.customer_id = own.found_owner AND l.component_id = own.found_id AND l.removed_on IS NULL
    JOIN contracts_agreementterm t ON t.id = l.term_id AND t.state NOT IN ('QUOTE_EXPIRED', 'CANCELLED')
    JOIN contracts_supportagreement a ON a.id = t.agreement_id
    WHERE own.new_day IS DISTINCT FROM own.old_day) listed GROUP BY line, first_day, old_day
UNION ALL SELECT r.line, 'warranty_until', r.last_day::text, 'Software has no warranty. Leave the cell empty.'
  FROM r JOIN contracts_product p ON p.id = r.found_product WHERE r.last_day IS NOT NULL AND p.kind = 'SOFTWARE'
UNION ALL SELECT line, 'implemented_on', '', 'A warranty begins on this day, so it is needed.'
  FROM r WHERE last_day IS NOT NULL AND new_day IS NULL AND NOT is_bad
UNION ALL SELECT line, 'warranty_until', last_day::text, format('It lies before the component was implemented, %%s.', new_day)
  FROM own WHERE first_day IS NULL AND last_day < new_day
UNION ALL SELECT own.line, 'warranty_until', own.last_day::text,
    format('It has a warranty from %%s to %%s. Change that one in Administration.', min(w.start_date), max(w.end_date))
  FROM own JOIN contracts_warrantycoverage w ON w.customer_id = own.found_owner AND w.component_id = own.found_id
    AND w.start_date <= own.last_day AND w.end_date >= own.new_day
  WHERE own.makes_warranty GROUP BY own.line, own.last_day"""

SHOW = """
SELECT r.line, r.customer, r.site, r.product, r.serial, r.new_text, coalesce(r.new_day::text, ''),
  coalesce(r.last_day::text, ''), concat_ws('; ',
    CASE WHEN r.outcome = 'new' THEN 'is added' END,
    CASE WHEN r.is_move THEN 'moves here from ' || s.name END,
    CASE WHEN r.found_site IS NULL THEN 'the site is made' END,
    CASE WHEN NOT r.is_move AND r.new_text <> r.old_text THEN 'location was ' || coalesce(nullif(r.old_text, ''), 'empty') END,
    CASE WHEN r.found_id IS NOT NULL AND r.new_day IS DISTINCT FROM r.old_day
      THEN 'implemented was ' || coalesce(r.old_day::text, 'empty') END,
    CASE WHEN r.makes_warranty THEN 'standard warranty' END)
FROM contracts_importrow r LEFT JOIN contracts_site s ON s.id = r.old_site
WHERE r.run_id = %(run)s AND r.outcome = %(outcome)s ORDER BY r.line LIMIT %(most)s"""

NEW_SITES = """
SELECT found_owner, found_seller, (array_agg(site ORDER BY line) FILTER (WHERE outcome <> 'bad'))[1],
  (array_agg(zone ORDER BY line) FILTER (WHERE zone IS NOT NULL))[1]
FROM contracts_importrow
WHERE run_id = %(run)s AND found_owner IS NOT NULL AND found_site IS NULL AND site IS NOT NULL
GROUP BY found_owner, found_seller, upper(site) HAVING bool_or(outcome <> 'bad')"""
AT_NEW_SITES = """
UPDATE contracts_importrow r SET found_site = s.id FROM contracts_site s
WHERE r.run_id = %(run)s AND r.found_site IS NULL AND r.outcome <> 'bad'
  AND s.customer_id = r.found_owner AND upper(s.name) = upper(r.site)"""
ADD = """
INSERT INTO contracts_component (id, customer_id, reseller_id, product_id, site_id, serial, serial_normal, location,
  implemented_on, state)
SELECT key, found_owner, found_seller, found_product, found_site, serial, serial_normal, new_text, new_day, 'IN_USE'
FROM contracts_importrow WHERE run_id = %(run)s AND outcome = 'new' ORDER BY line"""
MOVES = """
INSERT INTO contracts_componentmove (customer_id, reseller_id, component_id, from_site_id, to_site_id, moved_on, by_name,
  recorded_at)
SELECT r.found_owner, r.found_seller, r.found_id, r.old_site, r.found_site, (%(now)s AT TIME ZONE s.time_zone)::date,
  %(by)s, %(now)s
FROM contracts_importrow r JOIN contracts_site s ON s.id = r.found_site
WHERE r.run_id = %(run)s AND r.outcome = 'changed' AND r.is_move"""
CHANGE = """
UPDATE contracts_component k SET site_id = r.found_site, location = r.new_text, implemented_on = r.new_day
FROM contracts_importrow r
WHERE r.run_id = %(run)s AND r.outcome = 'changed' AND k.id = r.found_id AND k.customer_id = r.found_owner
  AND k.site_id = r.old_site AND k.location = r.old_text AND k.implemented_on IS NOT DISTINCT FROM r.old_day
  AND k.state = 'IN_USE'"""
WARRANTIES = """
INSERT INTO contracts_warrantycoverage (customer_id, reseller_id, component_id, kind, start_date, end_date, state, exclusions,
  voided_at, void_reason)
SELECT found_owner, found_seller, coalesce(found_id, key), 'STANDARD', new_day, last_day, 'PENDING', '', NULL, ''
FROM contracts_importrow WHERE run_id = %(run)s AND outcome IN ('new', 'changed') AND makes_warranty"""
TOUCHED = """
SELECT found_owner, count(*) FILTER (WHERE outcome = 'new'), count(*) FILTER (WHERE outcome = 'changed')
FROM contracts_importrow WHERE run_id = %(run)s AND outcome IN ('new', 'changed') GROUP BY found_owner ORDER BY found_owner"""


class ChangedMeanwhile(Exception):
    """Somebody wrote what this run had just looked at. It looks again."""


def judge(run_id: UUID) -> int:
    """Fill what the database says about each row. Returns how many faults it found."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"run": run_id})
    return note_problems(run_id, CHECKS)


def preview(run_id: UUID, outcome: str, most: int) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(SHOW, {"run": run_id, "outcome": outcome, "most": most})
        return [list(row) for row in cursor.fetchall()]


def write(run: ImportRun, actor: Actor, now: datetime) -> str:
    """Write every good row. Raises ChangedMeanwhile. Returns what else is to be said."""
    values: dict[str, Any] = {"run": run.pk, "now": now, "by": actor.name}
    with connection.cursor() as cursor:
        sites = _make_sites(cursor, values)
        cursor.execute(ADD, values)
        cursor.execute(MOVES, values)
        moves = cursor.rowcount
        cursor.execute(CHANGE, values)
        if cursor.rowcount != run.changed:
            raise ChangedMeanwhile
        cursor.execute(WARRANTIES, values)
        warranties = cursor.rowcount
        cursor.execute(TOUCHED, values)
        for customer_id, new, changed in cursor.fetchall():
            audit.record(
                actor,
                customer_id=customer_id,
                chain=f"organisation:{customer_id}",
                verb="components.imported",
                now=now,
                kind=audit.INTERNAL,
                file=run.file_name,
                sha256=run.sha256,
                new=new,
                changed=changed,
            )
    made = ((sites, "site made", "sites made"), (moves, "move", "moves"), (warranties, "warranty", "warranties"))
    return ", ".join(f"{count:,} {one if count == 1 else more}" for count, one, more in made if count)


def _make_sites(cursor: Any, values: dict[str, Any]) -> int:
    cursor.execute(NEW_SITES, values)
    sites = [
        Site(customer_id=customer, reseller_id=seller, name=name, time_zone=zone)
        for customer, seller, name, zone in cursor.fetchall()
    ]
    Site.objects.bulk_create(sites)
    if sites:
        cursor.execute(AT_NEW_SITES, values)
    return len(sites)
