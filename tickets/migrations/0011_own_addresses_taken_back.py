from django.db import migrations

# A person's own secret addresses, on the tickets of every customer: no role of people reads them. It runs as the owner, so the
# filter by person stands in it; who has no person has no addresses.
FUNCTION = """
CREATE FUNCTION app.take_back_own_addresses(p_at timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE v_count integer;
BEGIN
  UPDATE tickets_replyaddress SET revoked_at = p_at WHERE person_id = app.current_person() AND revoked_at IS NULL;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
GRANT EXECUTE ON FUNCTION app.take_back_own_addresses(timestamptz) TO rozoom_customer, rozoom_reseller, rozoom_staff;
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0010_mail_in")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION app.take_back_own_addresses(timestamptz)")]
