"""Recomputing the audit trail. Every sum is done by the database, with the function that wrote the events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

# One pass in the order of the index (customer, chain, seq): what each link says, what it should say, what its head says.
LINKS = """
WITH links AS (
  SELECT e.chain, e.seq, e.hash, e.previous,
    row_number() OVER place AS expected_seq,
    coalesce(lag(e.hash) OVER place, '') AS expected_previous,
    app.audit_hash(e.previous, e.chain, e.seq, e.kind, e.at, e.verb, e.actor_kind, e.actor_party, e.actor_name,
      e.person_id, e.data) AS expected_hash
  FROM tenancy_auditevent e
  WHERE e.customer_id = %(customer)s AND (%(chains)s::text[] IS NULL OR e.chain = ANY (%(chains)s::text[]))
  WINDOW place AS (PARTITION BY e.chain ORDER BY e.seq)
), broken AS (
  SELECT DISTINCT ON (chain) chain, seq,
    CASE WHEN seq <> expected_seq THEN 'missing'
         WHEN hash <> expected_hash THEN 'changed'
         ELSE 'unlinked' END AS fault,
    expected_seq
  FROM links
  WHERE seq <> expected_seq OR hash <> expected_hash OR previous <> expected_previous
  ORDER BY chain, seq
), ends AS (
  SELECT DISTINCT ON (chain) chain, seq, hash FROM links ORDER BY chain, seq DESC
), heads AS (
  SELECT h.chain, h.seq, h.hash FROM tenancy_audithead h
  WHERE h.customer_id = %(customer)s AND (%(chains)s::text[] IS NULL OR h.chain = ANY (%(chains)s::text[]))
), torn AS (
  SELECT coalesce(h.chain, ends.chain) AS chain, coalesce(ends.seq, 0) AS seq,
    CASE WHEN h.chain IS NULL THEN 'headless'
         WHEN h.seq > coalesce(ends.seq, 0) THEN 'cut'
         WHEN h.seq < ends.seq THEN 'grown'
         ELSE 'forked' END AS fault,
    coalesce(h.seq, 0) AS expected_seq
  FROM heads h FULL JOIN ends USING (chain)
  WHERE (h.seq, h.hash) IS DISTINCT FROM (ends.seq, ends.hash)
)
SELECT 'events' AS fault, '' AS chain, count(*) AS seq, count(DISTINCT chain) AS expected_seq FROM links
UNION ALL SELECT fault, chain, seq, expected_seq FROM broken
UNION ALL SELECT fault, chain, seq, expected_seq FROM torn WHERE chain NOT IN (SELECT chain FROM broken)
"""
CUSTOMERS = """
SELECT o.id, o.code FROM tenancy_organisation o
WHERE (%(code)s = '' OR o.code = upper(%(code)s))
  AND (EXISTS (SELECT FROM tenancy_audithead h WHERE h.customer_id = o.id)
    OR EXISTS (SELECT FROM tenancy_auditevent e WHERE e.customer_id = o.id))
ORDER BY o.code"""
WORDS = {
    "missing": "event {expected} is missing, or one was put in: number {seq} stands in its place",
    "changed": "event {seq} was changed after it was written",
    "unlinked": "event {seq} does not follow the one before it",
    "cut": "the end was cut off: {expected} events were written, {seq} are there",
    "grown": "event {seq} was put in at the end: the chain ended at {expected}",
    "forked": "event {seq} is not the one the chain ended with",
    "headless": "its end, event {seq}, was never written down",
}


@dataclass(frozen=True)
class Fault:
    customer: str
    chain: str
    words: str

    def __str__(self) -> str:
        return f"{self.customer} {self.chain}: {self.words}"


@dataclass(frozen=True)
class Checked:
    customer: str
    events: int
    chains: int
    faults: list[Fault]


def customers_with_chains(code: str = "") -> list[tuple[int, str]]:
    return _rows(CUSTOMERS, {"code": code})


def check(customer_id: int, code: str, chains: Sequence[str] | None = None) -> Checked:
    """Every chain of one customer, or those named. For each broken chain its first broken link."""
    (_, _, events, counted), *found = sorted(
        _rows(LINKS, {"customer": customer_id, "chains": None if chains is None else list(chains)}),
        key=lambda row: (row[0] != "events", row[1]),
    )
    faults = [
        Fault(code, name, WORDS[fault].format(seq=seq, expected=expected)) for fault, name, seq, expected in found
    ]
    return Checked(code, events, counted, faults)


def check_all(code: str = "", chain: str = "") -> Iterator[Checked]:
    for customer_id, name in customers_with_chains(code):
        yield check(customer_id, name, [chain] if chain else None)


def _rows(sql: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
