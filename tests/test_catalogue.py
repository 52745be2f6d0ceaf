"""The wall as PostgreSQL's own catalogue shows it, and proof that each kind of hole would be noticed."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from tenancy.catalogue import offences


def found() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        return list(offences(cursor, list(settings.TENANT_SHARED_TABLES)))


def test_the_wall_has_no_hole(db: Any) -> None:
    assert found() == []


def test_no_table_is_forgotten(db: Any) -> None:
    """Every table is under row security or declared as shared; a new one must choose."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            " AND NOT relrowsecurity"
        )
        open_tables = {row[0] for row in cursor.fetchall()}
    # auth_group and its links belong to Django's own user model, which is not used; nobody has rights on them.
    assert open_tables - set(settings.TENANT_SHARED_TABLES) == {"auth_group", "auth_group_permissions"}


HOLES = {
    "row security is not": "ALTER TABLE tickets_ticket NO FORCE ROW LEVEL SECURITY",
    "row security is not enabled": "CREATE TABLE newtab (id int, customer_id bigint, reseller_id bigint)",
    "no policy of its own": "DROP POLICY worker_rows ON tickets_ticket",
    "does not compare": "ALTER POLICY customer_rows ON tickets_ticket USING (true)",
    "is for everybody": "CREATE POLICY x ON tickets_ticket USING (true)",
    "no restrictive policy": "DROP POLICY customer_kinds ON tickets_message",
    "drafts or notices can be read": "DROP POLICY staff_own ON tickets_replydraft",
    "notices can be read": "DROP POLICY customer_own ON notifications_notice",
    "neither tenant-first nor random": "CREATE UNIQUE INDEX ux ON tickets_ticket (number)",
    "leaves the customer out": "ALTER TABLE tickets_message ADD FOREIGN KEY (ticket_id) REFERENCES tickets_ticket (id)",
    "not tied together": "ALTER TABLE tickets_message DROP CONSTRAINT tickets_message_tenant_key_fk",
    "points at a tenant's": "CREATE TABLE watcher (id int, ticket_id bigint REFERENCES tickets_ticket (id))",
    "no real foreign key": "ALTER TABLE tickets_ticket DROP CONSTRAINT tickets_ticket_component_key_fk",
    "login role may read": "GRANT SELECT ON tickets_ticket TO rozoom_app",
    "neither under the wall nor declared": "CREATE TABLE note (id int); GRANT SELECT ON note TO rozoom_customer",
    "may write what only staff": "GRANT UPDATE ON contracts_component TO rozoom_reseller",
    "deputy is not confined": "DROP POLICY deputy_customer ON rma_rma",
    "only staff, jobs": "GRANT INSERT ON rma_rma TO rozoom_customer",
    "change the audit trail": "GRANT DELETE ON tenancy_auditevent TO rozoom_staff",
    "TRUNCATE": "GRANT TRUNCATE ON tickets_ticket TO rozoom_staff",
    "ask as its reader": "CREATE VIEW vt AS SELECT * FROM tickets_ticket",
    "no fixed search_path": "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'select 1'",
    "or everybody may call": (
        "CREATE FUNCTION app.g() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'select 1';"
        " GRANT EXECUTE ON FUNCTION app.g() TO PUBLIC"
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("needle", HOLES)
def test_a_hole_is_noticed(needle: str) -> None:
    """Break it as the owner, look, roll back."""
    with connection.as_owner(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(HOLES[needle])
        noticed = found()
        transaction.set_rollback(True)
    assert any(needle in row[0] for row in noticed), noticed
