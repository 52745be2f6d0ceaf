from django.db import migrations

from tenancy.operations import DEPUTY_RULE

# A tenant's deed whose effects cross the wall is written by the deputy of one customer (ADR 20). Its role has the worker's
# rights; here every table that stands already confines it. Later ones are confined when they are made (TenantPolicies).
CONFINE = """
DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relrowsecurity
      AND EXISTS (SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'customer_id' AND NOT a.attisdropped)
      AND NOT EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = 'deputy_customer')
  LOOP
    EXECUTE format('CREATE POLICY deputy_customer ON %I AS RESTRICTIVE TO rozoom_deputy USING (RULE) '
      'WITH CHECK (RULE)', t.relname);
  END LOOP;
END $$;
""".replace("RULE", DEPUTY_RULE)
SECRETS = ["tenancy_apitoken", "tenancy_invitation", "tenancy_person", "tenancy_membership"]
CLOSE = "CREATE POLICY deputy_none ON {} AS RESTRICTIVE TO rozoom_deputy USING (false) WITH CHECK (false)"
# It knows roZoom, the resellers and the suppliers by name, and of the customers its own.
ORGANISATIONS = """
CREATE POLICY deputy_customer ON tenancy_organisation AS RESTRICTIVE TO rozoom_deputy
  USING (kind <> 'CUSTOMER' OR id = (SELECT app.current_org()))
  WITH CHECK (kind <> 'CUSTOMER' OR id = (SELECT app.current_org()))
"""

# As before, and a deputy writes events of its customer, and of what is roZoom's (a unit of the pool) only.
AUDIT = """
CREATE OR REPLACE FUNCTION app.audit(p_customer bigint, p_chain text, p_kind text, p_verb text, p_actor_kind text,
    p_actor_party text, p_actor_name text, p_person bigint, p_data jsonb, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  v_role text := current_setting('role');
  v_kind text;
  v_reseller bigint;
  v_previous text;
  v_seq bigint;
  v_hash text;
BEGIN
  SELECT kind, reseller_id INTO STRICT v_kind, v_reseller FROM tenancy_organisation WHERE id = p_customer;
  IF (v_role IN ('rozoom_customer', 'rozoom_supplier') AND p_customer <> app.current_org())
     OR (v_role = 'rozoom_reseller' AND app.current_org() NOT IN (p_customer, coalesce(v_reseller, p_customer)))
     OR (v_role = 'rozoom_deputy' AND p_customer <> app.current_org() AND v_kind <> 'OPERATOR')
     OR (v_role = 'none' AND p_chain NOT LIKE 'organisation:%') THEN
    RAISE EXCEPTION 'audit event of another tenant' USING ERRCODE = '42501';
  END IF;
  INSERT INTO tenancy_audithead (customer_id, reseller_id, chain, seq, hash)
    VALUES (p_customer, v_reseller, p_chain, 0, '') ON CONFLICT (customer_id, chain) DO NOTHING;
  SELECT seq + 1, hash INTO v_seq, v_previous FROM tenancy_audithead
    WHERE customer_id = p_customer AND chain = p_chain FOR UPDATE;
  v_hash := app.audit_hash(v_previous, p_chain, v_seq, p_kind, p_at, p_verb, p_actor_kind, p_actor_party, p_actor_name,
    p_person, p_data);
  INSERT INTO tenancy_auditevent (customer_id, reseller_id, chain, seq, kind, at, verb, actor_kind, actor_party, actor_name,
    person_id, data, previous, hash)
    VALUES (p_customer, v_reseller, p_chain, v_seq, p_kind, p_at, p_verb, p_actor_kind, p_actor_party, p_actor_name,
    p_person, p_data, v_previous, v_hash);
  UPDATE tenancy_audithead SET seq = v_seq, hash = v_hash WHERE customer_id = p_customer AND chain = p_chain;
  RETURN v_seq;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0005_suppliers_make_tokens")]

    operations = [
        migrations.RunSQL(CONFINE, migrations.RunSQL.noop),
        *(migrations.RunSQL(CLOSE.format(table), f"DROP POLICY deputy_none ON {table}") for table in SECRETS),
        migrations.RunSQL(ORGANISATIONS, "DROP POLICY deputy_customer ON tenancy_organisation"),
        migrations.RunSQL(AUDIT, migrations.RunSQL.noop),
    ]
