"""Many tickets, quickly and by SQL: the shape of a busy year, 50 resellers and 1,000 customers."""

from dataclasses import dataclass

from django.db import connection

CUSTOMERS, RESELLERS = 1000, 50
WORDS = [
    "lift",
    "drive",
    "controller",
    "sensor",
    "door",
    "motor",
    "brake",
    "cable",
    "panel",
    "firmware",
    "relay",
    "pump",
    "valve",
    "belt",
    "encoder",
    "inverter",
]

ORGANISATIONS = """
INSERT INTO tenancy_organisation (kind, code, name, time_zone, mail_domains, phone, reseller_id, is_active, created_at)
SELECT 'OPERATOR', 'ROZOOM', 'roZoom', 'UTC', '{}', '', NULL::bigint, true, now();
INSERT INTO tenancy_organisation (kind, code, name, time_zone, mail_domains, phone, reseller_id, is_active, created_at)
SELECT 'RESELLER', 'R' || i, 'Reseller ' || i, 'UTC', '{}', '', NULL, true, now() FROM generate_series(1, %(resellers)s) i;
INSERT INTO tenancy_organisation (kind, code, name, time_zone, mail_domains, phone, reseller_id, is_active, created_at)
SELECT 'CUSTOMER', 'C' || i, 'Customer ' || i, 'UTC', '{}', '', r.id, true, now()
FROM generate_series(1, %(customers)s) i JOIN tenancy_organisation r ON r.code = 'R' || (1 + i %% %(resellers)s);
"""

# Two thirds are open; a third of those has an answered promise and no running clock.
TICKETS = """
INSERT INTO tickets_ticket (customer_id, reseller_id, number, reference, subject, description, error_code, service_kind, channel,
  state, turn, impact, severity, severity_state, severity_because, severity_doubt, site_contact, access_hours, reporter_name,
  reporter_email, reporter_party, assignee_name, assignee_party, tags, reported_at, response_due_at, response_outcome,
  clock_due_at, last_customer_message_at, last_message_at, resolution, external_reference, version, updated_at)
SELECT c.id, c.reseller_id, i, c.code || '-' || i,
  words.w[1 + i %% 16] || ' ' || words.w[1 + (i / 16) %% 16] || ' fails after restart',
  'It stopped at ' || i || '. ' || words.w[1 + (i * 7) %% 16] || ' and ' || words.w[1 + (i * 11) %% 16] || ' were replaced before.'
    || CASE WHEN i <= 50 AND i %% 10 = 7 THEN ' zyzzogeton' ELSE '' END,
  '', 'problem', 'portal', CASE i %% 3 WHEN 0 THEN 'CLOSED' WHEN 1 THEN 'OPEN' ELSE 'NEW' END, 'rozoom',
  '{"service": "severe", "workaround": "no", "business": "degraded", "mission_critical": false}', 1 + i %% 3, 'provisional',
  'severe loss of service, no workaround', '', '', '', 'Caller ' || i %% 600, '', 'customer', '', '', '{}',
  now() - i * interval '1 minute', now() + i * interval '1 minute', CASE WHEN i %% 9 < 6 THEN 'RUNNING' ELSE 'MET' END,
  CASE WHEN i %% 3 > 0 AND i %% 9 < 6 THEN now() + i * interval '1 minute' END,
  now() - i * interval '1 minute', now() - i * interval '1 minute', '', '', 1, now()
FROM generate_series(%(first)s, %(last)s) i
JOIN tenancy_organisation c ON c.code = 'C' || (1 + i %% %(customers)s)
CROSS JOIN (SELECT %(words)s::text[] AS w) words
"""

MESSAGES = """
INSERT INTO tickets_message (id, customer_id, reseller_id, ticket_id, kind, body, author_name, author_party, author_organisation,
  channel, created_at)
SELECT gen_random_uuid(), t.customer_id, t.reseller_id, t.id, k.kind, 'We looked at the ' || t.subject || ' and wait.', 'Marek',
  'operator', 'roZoom', 'portal', t.reported_at + interval '1 hour'
FROM tickets_ticket t CROSS JOIN (VALUES ('public'), ('internal')) k (kind) WHERE t.number BETWEEN %(first)s AND %(last)s
"""

# What is filed after this goes on counting from here.
COUNTERS = """
INSERT INTO tickets_ticketcounter (customer_id, reseller_id, last)
SELECT customer_id, min(reseller_id), max(number) FROM tickets_ticket GROUP BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET last = excluded.last
"""


@dataclass
class Filled:
    tickets: int = 0


def organisations() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ORGANISATIONS, {"customers": CUSTOMERS, "resellers": RESELLERS})


def tickets_up_to(filled: Filled, total: int) -> None:
    """Add tickets until there are `total`, then let the planner know."""
    values = {"first": filled.tickets + 1, "last": total, "customers": CUSTOMERS, "words": WORDS}
    with connection.cursor() as cursor:
        cursor.execute(TICKETS, values)
        cursor.execute(MESSAGES, values)
        cursor.execute(COUNTERS)
    filled.tickets = total


def settle() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
