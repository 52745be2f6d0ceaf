from django.db import migrations

# A promise that was kept or broken before the ticket came here. The table's constraints hold outcome and times together;
# nothing is fired and nobody is told. Jobs only: a promise made here is judged by the clock, not by what somebody says.
PAST = """
CREATE FUNCTION app.record_past_clock(p_customer bigint, p_ticket bigint, p_kind text, p_severity smallint,
  p_counted_from timestamptz, p_started_at timestamptz, p_due_at timestamptz, p_stopped_at timestamptz, p_outcome text,
  p_reason text) RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_reseller bigint;
  v_level smallint;
  v_next timestamptz;
BEGIN
  SELECT reseller_id INTO STRICT v_reseller FROM tenancy_organisation WHERE id = p_customer;
  IF greatest(p_started_at, p_stopped_at) > v_now THEN
    RAISE EXCEPTION 'a past clock lies in the future' USING ERRCODE = '22023';
  END IF;
  -- Levels whose time has come count as told. A clock still inside its promise goes on as any other from here;
  -- one that was overdue when it came here stays overdue in silence, or an import would shout for every old ticket.
  SELECT coalesce(max(l.level), 0) INTO v_level FROM sla_ladderstep l
    WHERE l.severity = p_severity AND app.level_at(p_started_at, p_due_at, l.percent, l.after) <= v_now;
  IF p_stopped_at IS NULL AND p_due_at > v_now THEN
    v_next := app.next_action(p_severity, v_level, p_started_at, p_due_at, v_now);
  END IF;
  RETURN QUERY INSERT INTO sla_clocksegment AS s
    (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at, stopped_at, outcome, reason,
     level, next_action_at, created_at)
    VALUES (p_customer, v_reseller, p_ticket, p_kind, p_severity, p_counted_from, p_started_at, p_due_at, p_stopped_at,
      p_outcome, p_reason, CASE WHEN p_stopped_at IS NULL THEN v_level ELSE 0 END, v_next, v_now)
    RETURNING s.*;
END $$;
GRANT EXECUTE ON FUNCTION app.record_past_clock(bigint, bigint, text, smallint, timestamptz, timestamptz, timestamptz,
  timestamptz, text, text) TO rozoom_worker;
"""
PAST_BACK = """
DROP FUNCTION app.record_past_clock(bigint, bigint, text, smallint, timestamptz, timestamptz, timestamptz, timestamptz,
  text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0003_default_ladder")]
    operations = [migrations.RunSQL(PAST, PAST_BACK)]
