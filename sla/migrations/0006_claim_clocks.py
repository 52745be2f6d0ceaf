from django.db import migrations

# What a sweeper takes on: due, most severe first, rows of others skipped. So is the customer whose organisation somebody
# holds (it changes its reseller): firing writes rows that refer to it, and one customer that waits must not hold up the
# clocks of all others. No role of the sweeper may lock organisations; this function may.
# One look-up per severity keeps the order of severity and stays an index scan on PostgreSQL 15 to 17 (no skip scan).
# now() and not clock_timestamp(), which no index can use. EXECUTE plans with the batch known.
CLAIM = """
CREATE FUNCTION app.claim_clocks(p_batch integer) RETURNS SETOF bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  RETURN QUERY EXECUTE $claim$
    SELECT q.id FROM (VALUES (1::smallint), (2::smallint), (3::smallint)) v (severity)
    CROSS JOIN LATERAL (
      SELECT s.id FROM sla_clocksegment s JOIN tenancy_organisation o ON o.id = s.customer_id
      WHERE s.stopped_at IS NULL AND s.next_action_at IS NOT NULL
        AND s.severity = v.severity AND s.next_action_at <= now()
      ORDER BY s.next_action_at LIMIT $1 FOR NO KEY UPDATE OF s SKIP LOCKED FOR KEY SHARE OF o SKIP LOCKED
    ) q LIMIT $1
  $claim$ USING p_batch;
END $$;
GRANT EXECUTE ON FUNCTION app.claim_clocks(integer) TO rozoom_worker;
"""
CLAIM_BACK = "DROP FUNCTION app.claim_clocks(integer);"


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0005_duty_manager_told"),
        ("tenancy", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CLAIM, CLAIM_BACK)]
