from django.db import migrations

# A supplier's clerks make the tokens of their own programs. The policy that shows them their organisation's stands since the
# first migration; only the rights were missing.
GRANTS = "GRANT SELECT, INSERT, UPDATE ON tenancy_apitoken TO rozoom_supplier"
BACK = "REVOKE SELECT, INSERT, UPDATE ON tenancy_apitoken FROM rozoom_supplier"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_standing_consent")]

    operations = [migrations.RunSQL(GRANTS, BACK)]
