from django.db import migrations

# The rules of docs/promise.md where no caller can bend them.
# Every function runs as the owner, so the tenant filter stands in it; a foreign clock is the same as none.

ARITHMETIC = """
CREATE FUNCTION app.response_target(p_severity smallint) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT CASE p_severity WHEN 1 THEN interval '1 hour' WHEN 2 THEN interval '4 hours' WHEN 3 THEN interval '24 hours' END
$$;

-- In seconds, because an interval of a whole day would be longer or shorter where a zone changes its clocks.
CREATE FUNCTION app.level_at(p_started timestamptz, p_due timestamptz, p_percent smallint, p_after interval)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT p_started + p_after
    + make_interval(secs => (extract(epoch FROM greatest(p_due, p_started) - p_started) * p_percent / 100)::float8)
$$;

-- When the sweeper has to look again: the next level not yet fired, or the due time, which marks the segment MISSED.
CREATE FUNCTION app.next_action(p_severity smallint, p_level smallint, p_started timestamptz, p_due timestamptz, p_at timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  SELECT least(
    (SELECT min(app.level_at(p_started, p_due, l.percent, l.after)) FROM sla_ladderstep l
     WHERE l.severity = p_severity AND l.level > p_level),
    CASE WHEN p_due >= p_at THEN p_due END)
$$;

CREATE FUNCTION app.is_own(p_customer bigint, p_reseller bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE current_setting('role')
    WHEN 'rozoom_customer' THEN p_customer = app.current_org()
    WHEN 'rozoom_reseller' THEN p_reseller = app.current_org()
    ELSE current_setting('role') IN ('rozoom_staff', 'rozoom_worker', 'rozoom_owner')
  END
$$;

-- Live deeds are judged by the database's clock under the lock. Only jobs (imports) may speak of another time.
CREATE FUNCTION app.judged_at(p_now timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $$
  SELECT CASE
    WHEN current_setting('role') IN ('rozoom_worker', 'rozoom_owner')
      AND p_now NOT BETWEEN now() - interval '1 second' AND clock_timestamp() THEN p_now
    ELSE clock_timestamp()
  END
$$;

CREATE FUNCTION app.lock_clock(p_customer bigint, p_ticket bigint) RETURNS sla_clocksegment
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public AS $$
DECLARE v_segment sla_clocksegment;
BEGIN
  LOOP
    SELECT * INTO v_segment FROM sla_clocksegment s
      WHERE s.customer_id = p_customer AND s.ticket_id = p_ticket AND s.stopped_at IS NULL
        AND app.is_own(s.customer_id, s.reseller_id)
      FOR NO KEY UPDATE;
    -- Whoever held the lock may have put a new segment in its place, which only a new look sees.
    EXIT WHEN FOUND OR NOT EXISTS (SELECT FROM sla_clocksegment s
      WHERE s.customer_id = p_customer AND s.ticket_id = p_ticket AND s.stopped_at IS NULL
        AND app.is_own(s.customer_id, s.reseller_id));
  END LOOP;
  RETURN v_segment;
END $$;
"""
ARITHMETIC_BACK = """
DROP FUNCTION app.lock_clock(bigint, bigint);
DROP FUNCTION app.judged_at(timestamptz);
DROP FUNCTION app.is_own(bigint, bigint);
DROP FUNCTION app.next_action(smallint, smallint, timestamptz, timestamptz, timestamptz);
DROP FUNCTION app.level_at(timestamptz, timestamptz, smallint, interval);
DROP FUNCTION app.response_target(smallint);
"""

# Fires everything due at p_at on segments whose rows the caller has locked: one set-based statement.
# p_wait false (the sweeper): a ticket whose audit chain somebody holds is left for the next round, so that the sweeper
# never waits for a deed and never stands in a circle with one.
FIRE = """
CREATE FUNCTION app.fire_levels(p_ids bigint[], p_at timestamptz, p_wait boolean, OUT moved bigint, OUT fired bigint)
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
    SELECT s.id, s.customer_id, s.reseller_id, s.ticket_id, s.kind, s.severity, s.started_at, s.due_at, s.level
    FROM sla_clocksegment s
    WHERE s.id = ANY (p_ids) AND s.stopped_at IS NULL AND s.next_action_at <= p_at
  ), fire AS MATERIALIZED (
    SELECT d.id, l.level, l.percent, l.recipients, app.level_at(d.started_at, d.due_at, l.percent, l.after) AS at
    FROM due d JOIN sla_ladderstep l ON l.severity = d.severity AND l.level > d.level
    WHERE app.level_at(d.started_at, d.due_at, l.percent, l.after) <= p_at
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
    FROM (SELECT * FROM told ORDER BY customer_id, ticket_id, level) t
  ), marked AS (
    UPDATE sla_clocksegment s SET
      level = n.level,
      version = s.version + 1,
      outcome = CASE WHEN s.due_at < p_at THEN 'MISSED' ELSE s.outcome END,
      next_action_at = app.next_action(s.severity, n.level, s.started_at, s.due_at, p_at)
    FROM (SELECT d.id, greatest(d.level, max(f.level))::smallint AS level FROM due d LEFT JOIN fire f USING (id)
          GROUP BY d.id, d.level) n
    WHERE s.id = n.id
    RETURNING s.id
  )
  SELECT (SELECT count(*) FROM marked), (SELECT count(*) FROM audited) INTO moved, fired;
END $$;
GRANT EXECUTE ON FUNCTION app.fire_levels(bigint[], timestamptz, boolean) TO rozoom_worker;

-- The last word on a locked segment: what was due before is fired, then it stands. Late is MISSED, whatever ended it.
CREATE FUNCTION app.end_clock(p_segment sla_clocksegment, p_at timestamptz, p_outcome text, p_reason text)
RETURNS SETOF sla_clocksegment LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public AS $$
DECLARE
  -- Marked MISSED before and "now" not after the due time: the machine's clock was set back. MISSED stays.
  v_at timestamptz := CASE WHEN p_segment.outcome = 'MISSED'
    THEN greatest(p_at, p_segment.due_at + interval '1 microsecond') ELSE p_at END;
BEGIN
  PERFORM app.fire_levels(ARRAY[p_segment.id], v_at, true);
  RETURN QUERY UPDATE sla_clocksegment s SET
      stopped_at = v_at,
      outcome = CASE WHEN s.due_at < v_at THEN 'MISSED' ELSE p_outcome END,
      reason = p_reason,
      next_action_at = NULL,
      version = s.version + 1
    WHERE s.id = p_segment.id
    RETURNING s.*;
END $$;
"""
FIRE_BACK = """
DROP FUNCTION app.end_clock(sla_clocksegment, timestamptz, text, text);
DROP FUNCTION app.fire_levels(bigint[], timestamptz, boolean);
"""

DEEDS = """
CREATE FUNCTION app.start_clock(p_customer bigint, p_reseller bigint, p_ticket bigint, p_kind text, p_severity smallint,
  p_started_at timestamptz, p_due_at timestamptz) RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
  v_role text := current_setting('role');
  v_due timestamptz := least(p_started_at + app.response_target(p_severity), p_due_at);
BEGIN
  IF NOT app.is_own(p_customer, p_reseller) THEN
    RAISE EXCEPTION 'clock of another tenant' USING ERRCODE = '42501';
  END IF;
  -- A tenant's promise counts from now. Staff may say that a customer called earlier, nobody that it will call later.
  IF v_role IN ('rozoom_customer', 'rozoom_reseller')
     AND (p_due_at IS NOT NULL OR p_started_at NOT BETWEEN now() - interval '1 second' AND clock_timestamp())
     OR v_role = 'rozoom_staff' AND p_started_at > clock_timestamp() THEN
    RAISE EXCEPTION 'a clock starts now' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY INSERT INTO sla_clocksegment AS s
    (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at, next_action_at, created_at)
    VALUES (p_customer, p_reseller, p_ticket, p_kind, p_severity, p_started_at, p_started_at, v_due,
      app.next_action(p_severity, 0::smallint, p_started_at, v_due, '-infinity'), clock_timestamp())
    ON CONFLICT (customer_id, ticket_id) WHERE stopped_at IS NULL DO NOTHING
    RETURNING s.*;
END $$;

CREATE FUNCTION app.stop_clock(p_customer bigint, p_ticket bigint) RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE v_segment sla_clocksegment := app.lock_clock(p_customer, p_ticket);
BEGIN
  IF v_segment.id IS NULL THEN RETURN; END IF;
  RETURN QUERY SELECT * FROM app.end_clock(v_segment, clock_timestamp(), 'MET', '');
END $$;

CREATE FUNCTION app.cancel_clock(p_customer bigint, p_ticket bigint, p_reason text, p_now timestamptz)
RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE v_segment sla_clocksegment := app.lock_clock(p_customer, p_ticket);
BEGIN
  IF v_segment.id IS NULL THEN RETURN; END IF;
  RETURN QUERY SELECT * FROM app.end_clock(v_segment, app.judged_at(p_now), 'CANCELLED', p_reason);
END $$;

CREATE FUNCTION app.supersede_clock(p_customer bigint, p_ticket bigint, p_severity smallint, p_due_at timestamptz,
  p_reason text, p_now timestamptz) RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
  v_old sla_clocksegment := app.lock_clock(p_customer, p_ticket);
  v_at timestamptz := app.judged_at(p_now);
  v_due timestamptz;
BEGIN
  IF v_old.id IS NULL THEN RETURN; END IF;
  IF p_due_at IS NOT NULL AND current_setting('role') IN ('rozoom_customer', 'rozoom_reseller') THEN
    RAISE EXCEPTION 'the due time follows from the severity' USING ERRCODE = '42501';
  END IF;
  v_due := CASE
    WHEN p_severity < v_old.severity THEN least(v_old.due_at, v_at + app.response_target(p_severity))
    WHEN p_severity > v_old.severity THEN greatest(v_old.due_at, v_old.counted_from + app.response_target(p_severity))
    ELSE v_old.due_at END;
  v_due := least(v_due, p_due_at);  -- given only by a merge, which never makes a promise later
  IF p_severity = v_old.severity AND v_due = v_old.due_at THEN
    RETURN NEXT v_old;
    RETURN;
  END IF;
  PERFORM app.end_clock(v_old, v_at, 'SUPERSEDED', p_reason);
  RETURN QUERY INSERT INTO sla_clocksegment AS s
    (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at, next_action_at, created_at)
    VALUES (v_old.customer_id, v_old.reseller_id, v_old.ticket_id, v_old.kind, p_severity, v_old.counted_from, v_at, v_due,
      app.next_action(p_severity, 0::smallint, v_at, v_due, '-infinity'), clock_timestamp())
    RETURNING s.*;
END $$;

GRANT EXECUTE ON FUNCTION
  app.start_clock(bigint, bigint, bigint, text, smallint, timestamptz, timestamptz),
  app.cancel_clock(bigint, bigint, text, timestamptz),
  app.supersede_clock(bigint, bigint, smallint, timestamptz, text, timestamptz)
  TO rozoom_customer, rozoom_reseller, rozoom_staff, rozoom_worker;
GRANT EXECUTE ON FUNCTION app.stop_clock(bigint, bigint) TO rozoom_staff, rozoom_worker;
"""
DEEDS_BACK = """
DROP FUNCTION app.supersede_clock(bigint, bigint, smallint, timestamptz, text, timestamptz);
DROP FUNCTION app.cancel_clock(bigint, bigint, text, timestamptz);
DROP FUNCTION app.stop_clock(bigint, bigint);
DROP FUNCTION app.start_clock(bigint, bigint, bigint, text, smallint, timestamptz, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_initial"),
        ("sla", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(ARITHMETIC, ARITHMETIC_BACK),
        migrations.RunSQL(FIRE, FIRE_BACK),
        migrations.RunSQL(DEEDS, DEEDS_BACK),
    ]
