"""Forgetting what nobody needs any more."""

from datetime import timedelta

from django.conf import settings
from django.db import connection

from notifications.notices import note_settled
from tenancy.context import Context, work_unit

KEPT = timedelta(days=30)  # what was done well; what died stays until somebody has looked at it
NOTICES_KEPT = timedelta(days=90)
WORKER = Context("worker")
BATCH = 2000  # rows a transaction, so that none runs into the statement timeout

DONE_DELIVERIES = """
DELETE FROM notifications_delivery WHERE id IN (
  SELECT id FROM notifications_delivery
  WHERE state IN ('SENT', 'DROPPED') AND created_at < now() - make_interval(secs => %(age)s) LIMIT %(batch)s)"""
HANDLED_EVENTS = """
DELETE FROM notifications_event WHERE id IN (
  SELECT e.id FROM notifications_event e WHERE e.state = 'HANDLED' AND e.handled_at < now() - make_interval(secs => %(age)s)
  AND NOT EXISTS (SELECT FROM notifications_delivery d WHERE d.event_id = e.id) LIMIT %(batch)s)"""
OLD_NOTICES = """
DELETE FROM notifications_notice WHERE id IN (
  SELECT id FROM notifications_notice WHERE created_at < now() - make_interval(secs => %(age)s) LIMIT %(batch)s)"""
# What was given up is the receiver's to send again, for as long as it is shown.
OLD_WEBHOOKS = """
DELETE FROM notifications_webhookdelivery WHERE id IN (
  SELECT id FROM notifications_webhookdelivery
  WHERE created_at < now() - make_interval(secs => %(age)s) AND state IN ('SENT', 'DEAD') LIMIT %(batch)s)"""
OLD_SECRETS = """
DELETE FROM notifications_webhooksecret WHERE id IN (
  SELECT id FROM notifications_webhooksecret WHERE expires_at < now() - make_interval(secs => %(age)s) LIMIT %(batch)s)"""
DONE_DEEDS = """
DELETE FROM tenancy_donedeed WHERE id IN (
  SELECT id FROM tenancy_donedeed WHERE created_at < now() - make_interval(secs => %(age)s) LIMIT %(batch)s)"""
# An expired invitation still says so for a while to whoever opens it late.
EXPIRED_INVITATIONS = """
DELETE FROM tenancy_invitation WHERE id IN (
  SELECT id FROM tenancy_invitation
  WHERE accepted_at IS NULL AND expires_at < now() - make_interval(secs => %(age)s) LIMIT %(batch)s)"""

EXPIRED_SESSIONS = """
DELETE FROM django_session WHERE session_key IN (
  SELECT session_key FROM django_session WHERE expire_date < now() - make_interval(secs => %(age)s) LIMIT %(batch)s)"""


def tidy() -> dict[str, int]:
    """In small transactions; returns how many rows of what. Safe to run twice and at once."""
    deeds = timedelta(hours=settings.LIMITS["idempotency_hours"])
    return {
        "deliveries": _delete(DONE_DELIVERIES, KEPT),
        "events": _delete(HANDLED_EVENTS, KEPT),
        "notices": _delete(OLD_NOTICES, NOTICES_KEPT),
        "settled": _settled(),
        "webhooks": _delete(OLD_WEBHOOKS, KEPT),
        "secrets": _delete(OLD_SECRETS, timedelta(hours=1)),
        "deeds": _delete(DONE_DEEDS, deeds),
        "invitations": _delete(EXPIRED_INVITATIONS, KEPT),
        "sessions": _delete(EXPIRED_SESSIONS, timedelta(), None),  # they belong to the login role
    }


def _settled() -> int:
    """Notices that nobody has to read any more, noted so that counting what is unread never walks over them."""
    total = 0
    while True:
        with work_unit(WORKER):
            count = note_settled(limit=BATCH)
        total += count
        if count < BATCH:
            return total


def _delete(statement: str, age: timedelta, ctx: Context | None = WORKER) -> int:
    total = 0
    while True:
        with work_unit(ctx), connection.cursor() as cursor:
            cursor.execute(statement, {"age": age.total_seconds(), "batch": BATCH})
            count = cursor.rowcount
        total += count
        if count < BATCH:
            return total
