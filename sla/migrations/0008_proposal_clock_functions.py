from django.db import migrations

# A proposal of another severity is promised an answer of its own: a clock beside the ticket's. Deeds on the ticket's promise
# never touch it, and the sweeper fires both alike.

LOCK = """
CREATE OR REPLACE FUNCTION app.lock_clock(p_customer bigint, p_ticket bigint) RETURNS sla_clocksegment
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public AS $$
DECLARE v_segment sla_clocksegment;
BEGIN
  LOOP
    SELECT * INTO v_segment FROM sla_clocksegment s
      WHERE s.customer_id = p_customer AND s.ticket_id = p_ticket AND s.stopped_at IS NULL{which}
        AND app.is_own(s.customer_id, s.reseller_id)
      FOR NO KEY UPDATE;
    -- Whoever held the lock may have put a new segment in its place, which only a new look sees.
    EXIT WHEN FOUND OR NOT EXISTS (SELECT FROM sla_clocksegment s
      WHERE s.customer_id = p_customer AND s.ticket_id = p_ticket AND s.stopped_at IS NULL{which}
        AND app.is_own(s.customer_id, s.reseller_id));
  END LOOP;
  RETURN v_segment;
END $$;
"""
START = """
CREATE OR REPLACE FUNCTION app.start_clock(p_customer bigint, p_reseller bigint, p_ticket bigint, p_kind text, p_severity smallint,
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
    ON CONFLICT (customer_id, ticket_id) WHERE {predicate} DO NOTHING
    RETURNING s.*;
END $$;
"""
TOLD = """
CREATE OR REPLACE FUNCTION app.duty_manager_told(p_customer bigint, p_ticket bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT EXISTS (
    SELECT FROM sla_clocksegment r
    JOIN sla_clocksegment s ON s.customer_id = r.customer_id AND s.ticket_id = r.ticket_id
      AND s.kind = r.kind AND s.counted_from = r.counted_from
    JOIN tenancy_auditevent e ON e.customer_id = s.customer_id AND e.chain = 'ticket:' || s.ticket_id
      AND e.verb = 'sla.escalated' AND e.data -> 'segment' = to_jsonb(s.id)
    WHERE r.customer_id = p_customer AND r.ticket_id = p_ticket AND r.stopped_at IS NULL{which}
      AND app.is_own(r.customer_id, r.reseller_id)
      AND e.data -> 'percent' = to_jsonb(100) AND e.data -> 'recipients' ? 'duty_manager')
$$;
"""
FORWARDS = (
    LOCK.format(which=" AND s.kind <> 'PROPOSAL'")
    + START.format(predicate="stopped_at IS NULL AND kind IN ('FIRST', 'NEXT')")
    + TOLD.format(which=" AND r.kind <> 'PROPOSAL'")
)
BACKWARDS = LOCK.format(which="") + START.format(predicate="stopped_at IS NULL") + TOLD.format(which="")

PROPOSALS = """
CREATE FUNCTION app.lock_proposal_clock(p_customer bigint, p_ticket bigint) RETURNS sla_clocksegment
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public AS $$
  SELECT s FROM sla_clocksegment s
  WHERE s.customer_id = p_customer AND s.ticket_id = p_ticket AND s.stopped_at IS NULL AND s.kind = 'PROPOSAL'
    AND app.is_own(s.customer_id, s.reseller_id)
  FOR NO KEY UPDATE
$$;

-- roZoom answers within the target of the severity that is proposed, counted from now by the database's clock.
CREATE FUNCTION app.start_proposal_clock(p_customer bigint, p_reseller bigint, p_ticket bigint, p_severity smallint, p_at timestamptz)
RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE v_due timestamptz := p_at + app.response_target(p_severity);
BEGIN
  IF NOT app.is_own(p_customer, p_reseller) THEN
    RAISE EXCEPTION 'clock of another tenant' USING ERRCODE = '42501';
  END IF;
  IF current_setting('role') <> 'rozoom_worker' AND p_at NOT BETWEEN now() - interval '1 second' AND clock_timestamp() THEN
    RAISE EXCEPTION 'a clock starts now' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY INSERT INTO sla_clocksegment AS s
    (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at, next_action_at, created_at)
    VALUES (p_customer, p_reseller, p_ticket, 'PROPOSAL', p_severity, p_at, p_at, v_due,
      app.next_action(p_severity, 0::smallint, p_at, v_due, '-infinity'), clock_timestamp())
    RETURNING s.*;
END $$;

CREATE FUNCTION app.stop_proposal_clock(p_customer bigint, p_ticket bigint) RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE v_segment sla_clocksegment := app.lock_proposal_clock(p_customer, p_ticket);
BEGIN
  IF v_segment.id IS NULL THEN RETURN; END IF;
  RETURN QUERY SELECT * FROM app.end_clock(v_segment, clock_timestamp(), 'MET', '');
END $$;

CREATE FUNCTION app.cancel_proposal_clock(p_customer bigint, p_ticket bigint, p_reason text, p_now timestamptz)
RETURNS SETOF sla_clocksegment
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE v_segment sla_clocksegment := app.lock_proposal_clock(p_customer, p_ticket);
BEGIN
  IF v_segment.id IS NULL THEN RETURN; END IF;
  RETURN QUERY SELECT * FROM app.end_clock(v_segment, app.judged_at(p_now), 'CANCELLED', p_reason);
END $$;

GRANT EXECUTE ON FUNCTION app.start_proposal_clock(bigint, bigint, bigint, smallint, timestamptz),
  app.cancel_proposal_clock(bigint, bigint, text, timestamptz)
  TO rozoom_customer, rozoom_reseller, rozoom_staff, rozoom_worker;
GRANT EXECUTE ON FUNCTION app.stop_proposal_clock(bigint, bigint) TO rozoom_staff, rozoom_worker;
"""
PROPOSALS_BACK = """
DROP FUNCTION app.cancel_proposal_clock(bigint, bigint, text, timestamptz);
DROP FUNCTION app.stop_proposal_clock(bigint, bigint);
DROP FUNCTION app.start_proposal_clock(bigint, bigint, bigint, smallint, timestamptz);
DROP FUNCTION app.lock_proposal_clock(bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0007_proposal_clocks")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS), migrations.RunSQL(PROPOSALS, PROPOSALS_BACK)]
