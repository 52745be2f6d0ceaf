from importlib import import_module

from django.db import migrations

# A ladder that operators edit while clocks run. A level keeps its number for ever and a clock remembers the numbers it has
# fired, so that a level that moves, or gets another before it, is neither lost nor told twice. What a running clock is past
# when a level comes fires at once, as of the instant it was put there.
NEXT = """
CREATE FUNCTION app.level_due(p_started timestamptz, p_due timestamptz, p_percent smallint, p_after interval, p_from timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT greatest(app.level_at(p_started, p_due, p_percent, p_after), p_from)
$$;

-- When the sweeper has to look again: the next level that has not fired, or the instant after the due time, which marks the
-- segment MISSED: at the due time itself it is not late, and a look then would ask for another at the same instant.
CREATE FUNCTION app.next_level(p_severity smallint, p_fired smallint[], p_started timestamptz, p_due timestamptz, p_marks_due boolean)
RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  SELECT least(
    (SELECT min(app.level_due(p_started, p_due, l.percent, l.after, l.counts_from)) FROM sla_ladderstep l
     WHERE l.severity = p_severity AND l.level <> ALL (p_fired)),
    CASE WHEN p_marks_due THEN p_due + interval '1 microsecond' END)
$$;
"""
NEXT_BACK = """
DROP FUNCTION app.next_level(smallint, smallint[], timestamptz, timestamptz, boolean);
DROP FUNCTION app.level_due(timestamptz, timestamptz, smallint, interval, timestamptz);
"""


def _before(migration: str, name: str) -> str:
    """The function as an earlier migration made it, without its rights."""
    sql: str = getattr(import_module(f"sla.migrations.{migration}"), name)
    return sql.partition("GRANT EXECUTE")[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


# The whole of 0002 again, with `fired` in the place of `level`.
FIRE = """
CREATE OR REPLACE FUNCTION app.fire_levels(p_ids bigint[], p_at timestamptz, p_wait boolean, OUT moved bigint, OUT fired bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
BEGIN
  moved := 0;
  fired := 0;
  IF coalesce(cardinality(p_ids), 0) = 0 THEN RETURN; END IF;
  IF NOT p_wait THEN
    WITH held AS MATERIALIZED (
      SELECT h.customer_id, h.chain FROM sla_clocksegment s
      JOIN tenancy_audithead h ON h.customer_id = s.customer_id AND h.chain = 'ticket:' || s.ticket_id
      WHERE s.id = ANY (p_ids) FOR UPDATE OF h SKIP LOCKED
    )
    SELECT coalesce(array_agg(s.id), '{}') INTO p_ids FROM sla_clocksegment s
    WHERE s.id = ANY (p_ids) AND (
      EXISTS (SELECT FROM held WHERE held.customer_id = s.customer_id AND held.chain = 'ticket:' || s.ticket_id)
      OR NOT EXISTS (SELECT FROM tenancy_audithead h
                     WHERE h.customer_id = s.customer_id AND h.chain = 'ticket:' || s.ticket_id));
  END IF;

  WITH due AS MATERIALIZED (
    SELECT s.id, s.customer_id, s.reseller_id, s.ticket_id, s.kind, s.severity, s.started_at, s.due_at, s.level,
      s.fired AS before
    FROM sla_clocksegment s
    WHERE s.id = ANY (p_ids) AND s.stopped_at IS NULL AND s.next_action_at <= p_at
  ), fire AS MATERIALIZED (
    SELECT d.id, l.level, l.percent, l.recipients,
      app.level_due(d.started_at, d.due_at, l.percent, l.after, l.counts_from) AS at
    FROM due d JOIN sla_ladderstep l ON l.severity = d.severity AND l.level <> ALL (d.before)
    WHERE app.level_due(d.started_at, d.due_at, l.percent, l.after, l.counts_from) <= p_at
  ), escalated AS (
    INSERT INTO sla_escalation (customer_id, reseller_id, segment_id, level, scheduled_at, fired_at)
    SELECT d.customer_id, d.reseller_id, d.id, f.level, f.at, p_at
    FROM fire f JOIN due d USING (id) ORDER BY d.severity, f.at
    ON CONFLICT (customer_id, segment_id, level) DO NOTHING
    RETURNING segment_id, level
  ), told AS MATERIALIZED (
    SELECT d.customer_id, d.reseller_id, d.ticket_id, d.severity, f.at, f.level, d.id,
      jsonb_build_object('segment', d.id, 'level', f.level, 'percent', f.percent, 'kind', d.kind, 'severity', d.severity,
        'due_at', d.due_at, 'scheduled_at', f.at, 'detected_at', p_at, 'recipients', to_jsonb(f.recipients)) AS payload
    FROM escalated e JOIN fire f ON f.id = e.segment_id AND f.level = e.level JOIN due d ON d.id = f.id
  ), queued AS (
    INSERT INTO notifications_event
      (customer_id, reseller_id, topic, ticket_id, payload, severity, created_at, next_at)
    SELECT customer_id, reseller_id, 'sla.escalated', ticket_id, payload, severity, p_at, now()
    FROM told ORDER BY severity, at, level
  ), audited AS MATERIALIZED (
    SELECT app.audit(t.customer_id, 'ticket:' || t.ticket_id, 'partner', 'sla.escalated', 'system', 'system', 'sla-sweep',
      NULL, t.payload, p_at)
    FROM (SELECT * FROM told ORDER BY customer_id, ticket_id, at, level) t
  ), marked AS (
    UPDATE sla_clocksegment s SET
      level = n.last,
      fired = n.done,
      version = s.version + 1,
      outcome = CASE WHEN s.due_at < p_at THEN 'MISSED' ELSE s.outcome END,
      next_action_at = app.next_level(s.severity, n.done, s.started_at, s.due_at, s.due_at >= p_at)
    FROM (
      SELECT d.id,
        coalesce((array_agg(f.level ORDER BY f.at DESC, f.level DESC) FILTER (WHERE f.id IS NOT NULL))[1], d.level) AS last,
        d.before || coalesce(array_agg(f.level) FILTER (WHERE f.id IS NOT NULL), '{}') AS done
      FROM due d LEFT JOIN fire f USING (id) GROUP BY d.id, d.level, d.before
    ) n
    WHERE s.id = n.id
    RETURNING s.id
  )
  SELECT (SELECT count(*) FROM marked), (SELECT count(*) FROM audited) INTO moved, fired;
END $$;
"""
PAST = """
CREATE OR REPLACE FUNCTION app.record_past_clock(p_customer bigint, p_ticket bigint, p_kind text, p_severity smallint,
  p_counted_from timestamptz, p_started_at timestamptz, p_due_at timestamptz, p_stopped_at timestamptz, p_outcome text,
  p_reason text) RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_reseller bigint;
  v_level smallint := 0;
  v_fired smallint[] := '{}';
  v_next timestamptz;
BEGIN
  SELECT reseller_id INTO STRICT v_reseller FROM tenancy_organisation WHERE id = p_customer;
  IF greatest(p_started_at, p_stopped_at) > v_now THEN
    RAISE EXCEPTION 'a past clock lies in the future' USING ERRCODE = '22023';
  END IF;
  -- Levels whose time has come count as told. A clock still inside its promise goes on as any other from here;
  -- one that was overdue when it came here stays overdue in silence, or an import would shout for every old ticket.
  IF p_stopped_at IS NULL THEN
    SELECT coalesce(array_agg(l.level), '{}'), coalesce((array_agg(l.level ORDER BY l.percent DESC, l.after DESC))[1], 0)
      INTO v_fired, v_level FROM sla_ladderstep l
      WHERE l.severity = p_severity AND app.level_at(p_started_at, p_due_at, l.percent, l.after) <= v_now;
    IF p_due_at > v_now THEN
      v_next := app.next_level(p_severity, v_fired, p_started_at, p_due_at, true);
    END IF;
  END IF;
  RETURN QUERY INSERT INTO sla_clocksegment AS s
    (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at, stopped_at, outcome, reason,
     level, fired, next_action_at, created_at)
    VALUES (p_customer, v_reseller, p_ticket, p_kind, p_severity, p_counted_from, p_started_at, p_due_at, p_stopped_at,
      p_outcome, p_reason, v_level, v_fired, v_next, v_now)
    RETURNING s.*;
END $$;
"""

# Looks again at every running clock of a severity, after its ladder changed: a new level may come before what was stored.
# Rows that somebody holds are left out, so that it waits for nobody; sla.catch_up comes back for them. An imported clock that
# was overdue when it came stays silent: it is the one that runs with a reason and without a next instant.
CHANGED = """
CREATE FUNCTION app.ladder_changed(p_severity smallint, p_parts integer, p_part integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  WITH wanted AS MATERIALIZED (
    -- app.next_level, written out: called for each row it takes ten times as long.
    SELECT s.id, s.fired, s.next_action_at AS was, least(
      (SELECT min(app.level_due(s.started_at, s.due_at, l.percent, l.after, l.counts_from)) FROM sla_ladderstep l
       WHERE l.severity = p_severity AND l.level <> ALL (s.fired)),
      CASE WHEN s.outcome = 'RUNNING' THEN s.due_at + interval '1 microsecond' END) AS at
    FROM sla_clocksegment s
    WHERE s.stopped_at IS NULL AND s.severity = p_severity AND (s.next_action_at IS NOT NULL OR s.reason = '')
      AND s.id % p_parts = p_part
  ), stale AS MATERIALIZED (
    SELECT s.id, w.at FROM wanted w JOIN sla_clocksegment s ON s.id = w.id
    WHERE w.at IS DISTINCT FROM w.was
      -- as it was when the instant was worked out
      AND s.stopped_at IS NULL AND s.fired = w.fired AND s.next_action_at IS NOT DISTINCT FROM w.was
    FOR NO KEY UPDATE OF s SKIP LOCKED
  ), moved AS (
    UPDATE sla_clocksegment s SET next_action_at = stale.at FROM stale WHERE s.id = stale.id RETURNING s.id
  )
  SELECT count(*) FROM moved
$$;
GRANT EXECUTE ON FUNCTION app.ladder_changed(smallint, integer, integer) TO rozoom_staff, rozoom_worker;
-- Arithmetic alone: for the preview of how many clocks are past a new level.
GRANT EXECUTE ON FUNCTION app.level_at(timestamptz, timestamptz, smallint, interval) TO rozoom_staff;
"""
CHANGED_BACK = """
REVOKE EXECUTE ON FUNCTION app.level_at(timestamptz, timestamptz, smallint, interval) FROM rozoom_staff;
DROP FUNCTION app.ladder_changed(smallint, integer, integer);
"""

# Levels were told in the order of their numbers until now.
RUNNING = """
UPDATE sla_clocksegment SET fired = ARRAY(SELECT n::smallint FROM generate_series(1, level) n)
WHERE stopped_at IS NULL AND level > 0
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0009_duty")]
    operations = [
        migrations.RunSQL(NEXT, NEXT_BACK),
        migrations.RunSQL(FIRE, _before("0002_clock_functions", "FIRE")),
        migrations.RunSQL(PAST, _before("0004_past_clocks", "PAST")),
        migrations.RunSQL(CHANGED, CHANGED_BACK),
        migrations.RunSQL(RUNNING, migrations.RunSQL.noop),
    ]
