"""The statements of the reports: one for each set of figures. {whose} and {whose_clock} are conditions on the tenant, or nothing.

A promise is all stretches of one (ticket, kind, counted_from).
"""

# Late is missed before any job has noticed, and for ever. The last stretch says which severity it ended with.
PROMISES = """
WITH promise AS (
  SELECT max(s.id) AS last_id, bool_or(s.outcome = 'MISSED') AS was_missed, bool_or(s.reason = 'imported') AS imported
  FROM sla_clocksegment s
  WHERE s.counted_from >= %(before)s AND s.counted_from < %(end)s AND s.kind = ANY (%(kinds)s) {whose_clock}
  GROUP BY s.customer_id, s.ticket_id, s.kind, s.counted_from
), judged AS (
  SELECT l.kind, l.severity, l.customer_id, l.reseller_id, l.counted_from, p.imported, l.counted_from >= %(start)s AS in_period,
    width_bucket(l.counted_from, %(parts)s::timestamptz[]) AS part,
    CASE WHEN p.was_missed OR l.stopped_at IS NULL AND l.due_at < %(now)s THEN 'missed'
         WHEN l.outcome = 'MET' THEN 'met'
         WHEN l.outcome = 'CANCELLED' THEN 'cancelled'
         ELSE 'undecided' END AS fate,
    CASE WHEN l.stopped_at IS NOT NULL AND l.outcome IN ('MET', 'MISSED') AND l.reason IN ('', 'imported')
         THEN extract(epoch FROM l.stopped_at - l.counted_from)::float8 END AS took
  FROM promise p JOIN sla_clocksegment l ON l.id = p.last_id
  WHERE l.severity = ANY (%(severities)s)
)
"""
ATTAINMENT = (
    PROMISES  # noqa: S608 (constants)
    + """, counted AS (
  SELECT kind, severity, in_period, grouping(part) = 0 AS by_part, part, customer_id, reseller_id,
    count(*) FILTER (WHERE fate = 'met') AS met, count(*) FILTER (WHERE fate = 'missed') AS missed,
    count(*) FILTER (WHERE fate = 'undecided') AS undecided, count(*) FILTER (WHERE fate = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE imported) AS imported
  FROM judged
  GROUP BY GROUPING SETS ((kind, severity, in_period, part), (kind, severity, in_period, customer_id, reseller_id))
)
SELECT n.kind, n.severity, n.in_period, n.by_part, n.part, c.code, c.name, r.code, r.name,
  n.met, n.missed, n.undecided, n.cancelled, n.imported
FROM counted n
LEFT JOIN tenancy_organisation c ON c.id = n.customer_id
LEFT JOIN tenancy_organisation r ON r.id = n.reseller_id
WHERE n.by_part OR n.in_period
"""
)
TIMES = (
    PROMISES  # noqa: S608 (constants)
    + """
SELECT in_period, severity, within, count(*),
  CASE WHEN grouping(within) = 1 THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY took) END
FROM (SELECT *, width_bucket(-took, %(within)s::float8[]) AS within FROM judged WHERE took IS NOT NULL) answered
GROUP BY GROUPING SETS ((in_period, severity, within), (in_period))
"""
)

# From open to solved, withdrawn or merged, and back. A message can do both (tickets/services/conversation.py). The index
# ticket_moves has the same condition: change both or none.
MOVES = """
  verb IN ('ticket.resolve', 'ticket.reopen', 'ticket.withdraw', 'ticket.merge')
  OR verb = 'message.public' AND (data ->> 'then' = 'resolve' OR data ? 'reopened')
"""
MOVED = f"""
WITH moved AS (
  SELECT e.customer_id, e.chain, e.seq, e.at, t.severity,
    e.verb = 'ticket.reopen' OR e.verb = 'message.public' AND e.data ? 'reopened' AS opens,
    e.verb IN ('ticket.resolve', 'message.public') AS solves
  FROM (SELECT * FROM tenancy_auditevent WHERE ({MOVES}) AND at >= %(since)s) e
  JOIN tickets_ticket t ON t.customer_id = e.customer_id AND e.chain = 'ticket:' || t.id
  WHERE t.severity = ANY (%(severities)s) {{whose}}
)
"""  # noqa: S608 (constants)
# Counted back from those that are open now: a ticket that came later was not there, one that ended later was.
BACKLOG = (
    MOVED
    + """
SELECT severity, 0 AS part, count(*) FROM tickets_ticket t
WHERE state = ANY (%(open)s) AND severity = ANY (%(severities)s) {whose} GROUP BY 1
UNION ALL
SELECT severity, width_bucket(reported_at, %(edges)s::timestamptz[]), -count(*) FROM tickets_ticket t
WHERE reported_at >= %(since)s AND severity = ANY (%(severities)s) {whose} GROUP BY 1, 2
UNION ALL
SELECT severity, width_bucket(at, %(edges)s::timestamptz[]), sum(CASE WHEN opens THEN -1 ELSE 1 END) FROM moved GROUP BY 1, 2
"""
)
AGES_NOW = """
SELECT severity, width_bucket(reported_at, %(ages)s::timestamptz[]), count(*) FROM tickets_ticket t
WHERE state = ANY (%(open)s) AND severity = ANY (%(severities)s) {whose} GROUP BY 1, 2
"""
# Each time a ticket was solved, and whether the next thing that happened was that it was opened again.
REOPENED = (
    MOVED  # noqa: S608 (constants)
    + """
SELECT severity, at >= %(start)s, count(*), count(*) FILTER (WHERE opened_next)
FROM (
  SELECT *, lead(opens) OVER (PARTITION BY customer_id, chain ORDER BY seq) AS opened_next FROM moved WHERE opens OR solves
) turns
WHERE NOT opens AND at < %(end)s GROUP BY 1, 2
"""
)
CHANGES = """
SELECT by_party, sign(from_severity - to_severity)::int, state, count(*) FROM tickets_severityproposal t
WHERE proposed_at >= %(start)s AND proposed_at < %(end)s AND to_severity = ANY (%(severities)s) {whose} GROUP BY 1, 2, 3
"""
