"""The floor: the same work in a bare Django view with hand-written SQL, no middleware, no framework above it."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

TOKEN = """SELECT o.id, o.reseller_id, o.code FROM tenancy_apitoken a JOIN tenancy_organisation o ON o.id = a.organisation_id
WHERE a.secret_hash = %s AND a.revoked_at IS NULL AND a.expires_at > now()"""
ENTER = "SELECT set_config('role', %s, true), set_config('app.org', %s, true), clock_timestamp()"
NUMBER = """INSERT INTO tickets_ticketcounter AS c (customer_id, reseller_id, last) VALUES (%s, %s, 1)
ON CONFLICT (customer_id) DO UPDATE SET last = c.last + 1 RETURNING last"""
TICKET = """INSERT INTO tickets_ticket (customer_id, reseller_id, number, reference, subject, description, error_code, service_kind,
  channel, state, turn, impact, severity, severity_state, severity_because, severity_doubt, site_contact, access_hours,
  reporter_name, reporter_email, reporter_party, assignee_name, assignee_party, tags, reported_at, response_due_at,
  response_outcome, clock_due_at, last_customer_message_at, last_message_at, resolution, external_reference, version, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, '', 'problem', 'api', 'NEW', 'rozoom', %s, 2, 'provisional', '', '', '', '', 'program', '',
  'customer', '', '', '{}', %s, %s, 'RUNNING', %s, %s, %s, '', '', 1, %s) RETURNING id"""
CLOCK = "SELECT app.start_clock(%s, %s, %s, 'FIRST', 2::smallint, %s, NULL)"
AUDIT = "SELECT app.audit(%s, %s, 'public', 'ticket.filed', 'token', 'customer', 'program', NULL, %s::jsonb, %s)"
EVENT = """INSERT INTO notifications_event (customer_id, reseller_id, topic, ticket_id, payload, severity, created_at, next_at)
VALUES (%s, %s, 'ticket.filed', %s, '{}', 2, %s, %s)"""
LIST = """SELECT reference, subject, description, service_kind, impact, severity, severity_state, state, turn, channel, reporter_name,
  assignee_name, reported_at, response_due_at, response_outcome, response_stopped_at, component_id, site_id, version
FROM tickets_ticket WHERE customer_id = %s ORDER BY reported_at DESC, id DESC LIMIT 51"""


def _enter(request: HttpRequest, cursor: Any) -> tuple[int, int, str, Any]:
    secret = request.headers["Authorization"].partition(" ")[2]
    cursor.execute(TOKEN, [hashlib.sha256(secret.encode()).hexdigest()])
    customer, reseller, code = cursor.fetchone()
    cursor.execute(ENTER, ["rozoom_customer", str(customer)])
    return customer, reseller, code, cursor.fetchone()[2]


def create(request: HttpRequest) -> JsonResponse:
    body = json.loads(request.body)
    with transaction.atomic(), connection.cursor() as cursor:
        customer, reseller, code, now = _enter(request, cursor)
        cursor.execute(NUMBER, [customer, reseller])
        number = cursor.fetchone()[0]
        reference, due = f"{code}-{number}", now + timedelta(hours=4)
        impact = json.dumps(body["impact"])
        texts = [body["subject"], body["description"]]
        cursor.execute(TICKET, [customer, reseller, number, reference, *texts, impact, now, due, due, now, now, now])
        ticket = cursor.fetchone()[0]
        cursor.execute(CLOCK, [customer, reseller, ticket, now])
        cursor.execute(AUDIT, [customer, f"ticket:{ticket}", json.dumps({"reference": reference}), now])
        cursor.execute(EVENT, [customer, reseller, ticket, now, now])
    return JsonResponse({"reference": reference, "severity": 2, "reported_at": now, "response_due_at": due}, status=201)


def tickets(request: HttpRequest) -> JsonResponse:
    with transaction.atomic(), connection.cursor() as cursor:
        customer = _enter(request, cursor)[0]
        cursor.execute(LIST, [customer])
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return JsonResponse({"results": rows[:50], "next": len(rows) > 50})


urlpatterns = [
    path("floor/create", create),
    path("floor/tickets", tickets),
    path("", include("rozoom_support.urls")),
]
