"""What the database must look like for the wall to stand. Each query returns offences; an empty list is a pass.

Read by tests/test_catalogue.py after every migration, and by `manage.py check_wall` on a live database.
"""

from collections.abc import Iterator
from typing import Any

AUDIENCES = ("customer", "reseller", "supplier", "staff", "worker", "owner")
# Row-secured tables without a tenant's column of their own: staff's and the worker's, or the root.
WITHOUT_TENANT = (
    *("tenancy_person", "tenancy_team", "tenancy_teammember"),
    *("sla_ladderstep", "sla_ladder", "sla_rota", "sla_shift", "sla_dutychange"),
)
# What no deed on a customer's row has to read: secrets, and who works where.
NOT_FOR_DEPUTIES = (
    *("tenancy_apitoken", "tenancy_invitation", "tenancy_person", "tenancy_membership"),
    *("notifications_webhookendpoint", "notifications_webhooksecret"),
)
# Unique keys that may begin with something else, and why.
UNIQUE_OK = {
    "organisation_code_taken": "the code is public and given by staff",
    "organisation_only_one_operator": "one row",
    "organisation_tenant_key": "the target of every tenant key; begins with the customer",
    "person_email_taken": "no tenant reads people",
    "team_name_taken": "staff's",
    "team_member_once": "staff's",
    "invitation_secret_unique": "random",
    "token_secret_unique": "random",
    "reply_address_secret": "random",
    "component_serial_taken": "the one global key; only staff write components",
    "invoice_number_taken": "no gap over all customers; only staff and app.order_term write them",
    "credit_note_number_taken": "the same series",
    "delivery_dedup_key_unique": "no tenant reads or writes deliveries",
    "ladder_level_once": "the same for all; tenants neither read nor write it",
    "rota_one_per_team": "staff's",
    "product_supplier_once": "staff's",
    "rma_one_per_reserved_unit": "no tenant writes returns or reads units",
    "shipment_tracking_taken": "the carrier gives it once; no tenant writes shipments",
}

# Tables under the wall: they carry customer_id and reseller_id, or organisation_id, or are named above.
TENANT = """
tenant AS (
  SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity,
    EXISTS (SELECT FROM pg_attribute a
      WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = 'customer_id') AS by_customer
  FROM pg_class c
  WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    AND (c.relname = 'tenancy_organisation' OR c.relname = ANY (%(without_tenant)s) OR EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
        AND a.attname IN ('customer_id', 'reseller_id', 'supplier_id', 'organisation_id')))
)"""

QUERIES = {
    "row security is not enabled and forced": f"""
      WITH {TENANT} SELECT relname FROM tenant WHERE NOT (relrowsecurity AND relforcerowsecurity)""",
    "an audience has no policy of its own": f"""
      WITH {TENANT} SELECT t.relname, a FROM tenant t, unnest(%(audiences)s) a WHERE NOT EXISTS (
        SELECT FROM pg_policies p WHERE p.tablename = t.relname AND p.permissive = 'PERMISSIVE'
          AND p.roles = ARRAY[('rozoom_' || a)::name])""",
    "a tenant's policy does not compare the tenant column, or is for everybody": f"""
      WITH {TENANT} SELECT p.tablename, p.policyname FROM pg_policies p JOIN tenant t ON t.relname = p.tablename
      WHERE p.roles = '{{public}}' OR (p.permissive = 'PERMISSIVE'
        AND p.roles && '{{rozoom_customer,rozoom_reseller,rozoom_supplier}}' AND t.relname <> 'tenancy_organisation'
        AND (p.qual !~ ('^(false|\\((customer_id|reseller_id|supplier_id|organisation_id) = '
            || '\\( SELECT app.current_org\\(\\) AS current_org\\)\\))$')
          OR p.qual IS DISTINCT FROM p.with_check))""",
    "the deputy is not confined to one customer": f"""
      WITH {TENANT} SELECT t.relname FROM tenant t WHERE has_table_privilege('rozoom_deputy', t.oid, 'SELECT')
        AND (t.by_customer OR t.relname = ANY (%(not_for_deputies)s)) AND NOT EXISTS (
          SELECT FROM pg_policies p WHERE p.tablename = t.relname AND p.permissive = 'RESTRICTIVE'
            AND p.roles = '{{rozoom_deputy}}' AND p.cmd = 'ALL' AND p.qual IS NOT DISTINCT FROM p.with_check
            AND p.qual = CASE WHEN t.by_customer THEN %(deputy_rule)s ELSE 'false' END)""",
    "rows of different readership have no restrictive policy": """
      SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'kind' AND NOT a.attisdropped
      WHERE c.relname IN ('tickets_message', 'tickets_attachment', 'tenancy_auditevent')
        AND 2 > (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname AND p.permissive = 'RESTRICTIVE'
          AND p.roles <> '{rozoom_deputy}')""",
    "drafts or notices can be read by others": """
      SELECT c.relname FROM pg_class c
      WHERE c.relname IN ('tickets_ticketdraft', 'tickets_replydraft', 'tickets_dismissedalert',
        'notifications_notice')
        AND 4 > (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname AND p.permissive = 'RESTRICTIVE'
          AND p.qual LIKE '%%person_id = ( SELECT app.current_person%%')""",
    "a unique key is neither tenant-first nor random": f"""
      WITH {TENANT} SELECT t.relname, i.indexrelid::regclass::text FROM tenant t
      JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique AND NOT i.indisprimary
      LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
      WHERE coalesce(a.attname, '') NOT IN ('customer_id', 'organisation_id')
        AND i.indexrelid::regclass::text <> ALL (%(unique_ok)s)""",
    "a reference between tenants' tables leaves the customer out": f"""
      WITH {TENANT} SELECT t.relname, k.conname FROM pg_constraint k JOIN tenant t ON t.oid = k.conrelid
      JOIN tenant r ON r.oid = k.confrelid
      WHERE k.contype = 'f' AND t.by_customer AND r.by_customer AND (k.confupdtype <> 'c' OR NOT EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (k.conkey) AND a.attname = 'customer_id'))""",
    "customer and reseller are not tied together": f"""
      WITH {TENANT} SELECT t.relname FROM tenant t WHERE t.by_customer AND NOT EXISTS (
        SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'f' AND k.confupdtype = 'c'
          AND k.confrelid = 'tenancy_organisation'::regclass AND cardinality(k.conkey) = 2)""",
    "a table points at a tenant's table and is none": f"""
      WITH {TENANT} SELECT k.conrelid::regclass::text FROM pg_constraint k JOIN tenant r ON r.oid = k.confrelid
      WHERE k.contype = 'f' AND k.conrelid NOT IN (SELECT oid FROM tenant) AND r.relname <> ALL (%(without_tenant)s)""",
    "a tenant's column has no real foreign key behind it": f"""
      WITH {TENANT} SELECT t.relname, a.attname FROM tenant t
      JOIN pg_attribute a ON a.attrelid = t.oid AND NOT a.attisdropped
        AND a.attname ~ '^(ticket|message|draft|component|site|segment|merged_into)_id$'
      WHERE NOT EXISTS (SELECT FROM pg_constraint k
          WHERE k.conrelid = t.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey))
        AND t.relname NOT IN ('notifications_event', 'notifications_delivery')""",
    "the login role may read tenants' rows by itself": f"""
      WITH {TENANT} SELECT relname FROM tenant WHERE by_customer AND relname NOT LIKE 'notifications\\_%%'
        AND has_table_privilege('rozoom_app', oid, 'SELECT,INSERT,UPDATE,DELETE')""",
    "a tenant may reach a table that is neither under the wall nor declared": f"""
      WITH {TENANT} SELECT c.relname, a FROM pg_class c,
        unnest(ARRAY['rozoom_customer', 'rozoom_reseller', 'rozoom_supplier']) a
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
        AND c.oid NOT IN (SELECT oid FROM tenant) AND c.relname <> ALL (%(shared)s)
        AND has_table_privilege(a, c.oid, 'SELECT,INSERT,UPDATE,DELETE')""",
    "a tenant may write what only staff, jobs or the owner write": """
      SELECT c.relname, a FROM pg_class c, unnest(ARRAY['rozoom_customer', 'rozoom_reseller', 'rozoom_supplier']) a
      WHERE (c.relname IN ('contracts_component', 'contracts_site', 'contracts_product', 'tenancy_organisation',
          'tenancy_auditevent', 'tenancy_audithead', 'sla_clocksegment', 'sla_escalation', 'sla_ladderstep')
          OR c.relname LIKE 'rma\\_%%')
        AND has_table_privilege(a, c.oid, 'INSERT,UPDATE,DELETE')""",
    "somebody but the owner may change the audit trail": """
      SELECT c.relname, r.rolname FROM pg_class c, pg_roles r WHERE c.relname IN ('tenancy_auditevent', 'tenancy_audithead')
        AND r.rolname LIKE 'rozoom\\_%%' AND r.rolname NOT IN ('rozoom_owner') AND NOT r.rolsuper
        AND has_table_privilege(r.oid, c.oid, 'INSERT,UPDATE,DELETE')""",
    "TRUNCATE, REFERENCES or TRIGGER is granted, or the owner is not rozoom_owner": """
      SELECT c.relname FROM pg_class c, unnest(ARRAY['rozoom_app', 'rozoom_customer', 'rozoom_reseller', 'rozoom_supplier',
        'rozoom_staff', 'rozoom_worker']) a
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        AND (has_table_privilege(a, c.oid, 'TRUNCATE,REFERENCES,TRIGGER') OR c.relowner <> 'rozoom_owner'::regrole)""",
    "a view does not ask as its reader": """
      SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
        AND NOT coalesce(reloptions::text ~ 'security_invoker=(true|on)', false)""",
    "a security definer function has no fixed search_path, or everybody may call it": """
      SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace IN ('public'::regnamespace, 'app'::regnamespace)
        AND (NOT coalesce(proconfig::text ~ 'search_path', false) OR has_function_privilege('public', oid, 'EXECUTE'))""",
    "a role can look over the wall": """
      SELECT rolname FROM pg_roles WHERE rolname LIKE 'rozoom\\_%%'
        AND (rolsuper OR rolbypassrls OR (rolname IN ('rozoom_app', 'rozoom_migrate') AND rolinherit))""",
}


def offences(cursor: Any, shared: list[str]) -> Iterator[tuple[str, ...]]:
    """Every offence as (what is wrong, where…). `shared` names the declared tables without tenants."""
    values = {
        "audiences": list(AUDIENCES),
        "without_tenant": list(WITHOUT_TENANT),
        "unique_ok": list(UNIQUE_OK),
        "shared": shared,
        "not_for_deputies": list(NOT_FOR_DEPUTIES),
        "deputy_rule": '(NOT (customer_id IS DISTINCT FROM ( SELECT NULLIF(app.current_org(), 0) AS "nullif")))',
    }
    for title, sql in QUERIES.items():
        cursor.execute(sql, values)
        for row in cursor.fetchall():
            yield (title, *row)
