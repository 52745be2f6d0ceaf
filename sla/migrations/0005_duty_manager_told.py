from django.db import migrations

# A customer reads no escalations, and need not: its page says only whether the promise that runs now has come before the
# duty manager. The ticket's audit chain tells who was told, whatever the ladder says by now.
TOLD = """
CREATE FUNCTION app.duty_manager_told(p_customer bigint, p_ticket bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT EXISTS (
    SELECT FROM sla_clocksegment r
    JOIN sla_clocksegment s ON s.customer_id = r.customer_id AND s.ticket_id = r.ticket_id
      AND s.kind = r.kind AND s.counted_from = r.counted_from
    JOIN tenancy_auditevent e ON e.customer_id = s.customer_id AND e.chain = 'ticket:' || s.ticket_id
      AND e.verb = 'sla.escalated' AND e.data -> 'segment' = to_jsonb(s.id)
    WHERE r.customer_id = p_customer AND r.ticket_id = p_ticket AND r.stopped_at IS NULL
      AND app.is_own(r.customer_id, r.reseller_id)
      AND e.data -> 'percent' = to_jsonb(100) AND e.data -> 'recipients' ? 'duty_manager')
$$;
GRANT EXECUTE ON FUNCTION app.duty_manager_told(bigint, bigint)
  TO rozoom_customer, rozoom_reseller, rozoom_staff, rozoom_worker;
"""
TOLD_BACK = "DROP FUNCTION app.duty_manager_told(bigint, bigint);"


class Migration(migrations.Migration):
    dependencies = [("sla", "0004_past_clocks")]
    operations = [migrations.RunSQL(TOLD, TOLD_BACK)]
