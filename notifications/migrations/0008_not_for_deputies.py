from django.db import migrations

# No deed that a deputy writes has to know where webhooks go, or their secrets (ADR 20).
CLOSE = "CREATE POLICY deputy_none ON {} AS RESTRICTIVE TO rozoom_deputy USING (false) WITH CHECK (false)"
TABLES = ["notifications_webhookendpoint", "notifications_webhooksecret"]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_undelivered_by_customer"), ("tenancy", "0006_deputy")]

    operations = [migrations.RunSQL(CLOSE.format(table), f"DROP POLICY deputy_none ON {table}") for table in TABLES]
