"""The statements of the reports: promises, tickets, proposals. {clock} and {ticket} are conditions on the tenant, or nothing.

Each reads its rows once, however many figures are made of them. docs/reports.md says in words what is counted.
"""

# A promise is all stretches of one (ticket, kind, counted_from). Late is missed before any job has noticed, and for ever.
# Only the last stretch can run, be met or be cancelled; its severity is the promise's, found with its key in one number.
PROMISES = """
WITH promise AS (
  SELECT s.kind, s.counted_from, min(s.customer_id) AS customer_id, min(s.reseller_id) AS reseller_id,
    (max(s.id * 4 + s.severity) & 3)::int AS severity,
    bool_or(s.outcome = 'MISSED' OR s.stopped_at IS NULL AND s.due_at < %(now)s) AS missed,
    bool_or(s.outcome = 'MET') AS met, bool_or(s.outcome = 'CANCELLED') AS cancelled, bool_or(s.reason = 'imported') AS imported,
    max(s.stopped_at) FILTER (WHERE s.outcome IN ('MET', 'MISSED') AND s.reason IN ('', 'imported')) AS answered_at
  FROM sla_clocksegment s
  WHERE s.counted_from >= %(before)s AND s.counted_from < %(end)s {clock}
  GROUP BY s.ticket_id, s.kind, s.counted_from
), judged AS MATERIALIZED (
  SELECT kind, severity, customer_id, reseller_id, counted_from >= %(start)s AS in_period, imported,
    width_bucket(counted_from, %(parts)s::timestamptz[]) AS part,
    CASE WHEN missed THEN 'missed' WHEN met THEN 'met' WHEN cancelled THEN 'cancelled' ELSE 'undecided' END AS fate,
    CASE WHEN kind = 'FIRST' THEN date_part('epoch', answered_at - counted_from) END AS took
  FROM promise WHERE severity = ANY (%(severities)s)
), found AS (
  SELECT 'part' AS what, kind, severity, in_period, part AS place, NULL::bigint AS customer_id, NULL::bigint AS reseller_id,
    {counts} AS counts, NULL::float8 AS median
  FROM judged GROUP BY kind, severity, in_period, part
  UNION ALL
  SELECT 'customer', kind, NULL, in_period, NULL, customer_id, reseller_id, {counts}, NULL
  FROM judged WHERE in_period GROUP BY kind, in_period, customer_id, reseller_id
  UNION ALL
  SELECT 'within', NULL, severity, in_period, width_bucket(-took, %(within)s::float8[]), NULL, NULL, ARRAY[count(*)], NULL
  FROM judged WHERE took IS NOT NULL AND in_period GROUP BY 3, 4, 5
  UNION ALL
  SELECT 'median', NULL, NULL, in_period, NULL, NULL, NULL, ARRAY[count(*)], percentile_disc(0.5) WITHIN GROUP (ORDER BY took)
  FROM judged WHERE took IS NOT NULL GROUP BY in_period
)
SELECT f.what, f.kind, f.severity, f.in_period, f.place, c.code, c.name, r.code, r.name, f.counts, f.median
FROM found f
LEFT JOIN tenancy_organisation c ON c.id = f.customer_id
LEFT JOIN tenancy_organisation r ON r.id = f.reseller_id
"""
# In the order of Tally.
COUNTS = """ARRAY[
    count(*) FILTER (WHERE fate = 'met'), count(*) FILTER (WHERE fate = 'missed'), count(*) FILTER (WHERE fate = 'undecided'),
    count(*) FILTER (WHERE fate = 'cancelled'), count(*) FILTER (WHERE imported)]"""

# From open to solved, withdrawn or merged, and back. A message can do both (tickets/services/conversation.py). The index
# ticket_moves has the same condition: change both or none.
MOVES = """
  verb IN ('ticket.resolve', 'ticket.reopen', 'ticket.withdraw', 'ticket.merge')
  OR verb = 'message.public' AND (data ->> 'then' = 'resolve' OR data ? 'reopened')
"""
# The backlog is counted back from what is open now: what came later was not there, what ended later was.
# Each time a ticket was solved, and whether the next thing that happened was that it was opened again.
TICKETS = f"""
WITH moved AS MATERIALIZED (
  SELECT e.customer_id, e.chain, e.seq, e.at, t.severity,
    e.verb = 'ticket.reopen' OR e.verb = 'message.public' AND e.data ? 'reopened' AS opens,
    e.verb IN ('ticket.resolve', 'message.public') AS solves
  FROM (SELECT * FROM tenancy_auditevent WHERE ({MOVES}) AND at >= %(before)s) e
  JOIN tickets_ticket t ON t.customer_id = e.customer_id AND e.chain = 'ticket:' || t.id
  WHERE t.severity = ANY (%(severities)s) {{ticket}}
), turns AS (
  SELECT severity, at, opens, lead(opens) OVER (PARTITION BY customer_id, chain ORDER BY seq) AS opened_next
  FROM moved WHERE opens OR solves
)
SELECT 'open' AS what, severity, width_bucket(reported_at, %(ages)s::timestamptz[]) AS place, count(*), 0
FROM tickets_ticket t WHERE state = ANY (%(open)s) AND severity = ANY (%(severities)s) {{ticket}} GROUP BY 2, 3
UNION ALL
SELECT 'came', severity, width_bucket(reported_at, %(edges)s::timestamptz[]), count(*), 0
FROM tickets_ticket t WHERE reported_at >= %(start)s AND severity = ANY (%(severities)s) {{ticket}} GROUP BY 2, 3
UNION ALL
SELECT 'moved', severity, width_bucket(at, %(edges)s::timestamptz[]),
  count(*) FILTER (WHERE opens), count(*) FILTER (WHERE NOT opens)
FROM moved WHERE at >= %(start)s GROUP BY 2, 3
UNION ALL
SELECT 'solved', severity, (at >= %(start)s)::int, count(*), count(*) FILTER (WHERE opened_next)
FROM turns WHERE NOT opens AND at < %(end)s GROUP BY 2, 3
"""  # noqa: S608 (constants)

PROPOSALS = """
SELECT by_party, sign(from_severity - to_severity)::int, state, count(*) FROM tickets_severityproposal t
WHERE proposed_at >= %(start)s AND proposed_at < %(end)s AND to_severity = ANY (%(severities)s) {ticket} GROUP BY 1, 2, 3
"""
# Enough to group the promises of a busy year without the disk; for this transaction only.
ROOM = "SET LOCAL work_mem = '64MB';"
