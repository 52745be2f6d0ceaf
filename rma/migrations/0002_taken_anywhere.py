from django.db import migrations

# A serial is in one place and a tracking number on one box, whosever they are: the deputy of one customer asks whether, and
# does not see whose (ADR 20).
FUNCTIONS = """
CREATE FUNCTION app.serial_is_installed(p_product uuid, p_serial text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT EXISTS (SELECT FROM contracts_component
    WHERE product_id = p_product AND serial_normal = p_serial AND state <> 'RETURNED')
$$;
CREATE FUNCTION app.tracking_is_taken(p_carrier text, p_number text, p_except uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT EXISTS (SELECT FROM rma_shipment
    WHERE carrier = p_carrier AND tracking_number = p_number AND id IS DISTINCT FROM p_except)
$$;
GRANT EXECUTE ON FUNCTION app.serial_is_installed(uuid, text), app.tracking_is_taken(text, text, uuid)
  TO rozoom_staff, rozoom_worker;
"""
BACK = """
DROP FUNCTION app.serial_is_installed(uuid, text);
DROP FUNCTION app.tracking_is_taken(text, text, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("rma", "0001_initial"), ("tenancy", "0006_deputy")]

    operations = [migrations.RunSQL(FUNCTIONS, BACK)]
