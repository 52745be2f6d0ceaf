from django.db import migrations

# An operator may let a mail go out again from the admin: its state and its turn, not who gets it or what it says.
GRANT = """
GRANT UPDATE (state, attempts, next_at, lease_until, leased_by, sent_at) ON notifications_delivery TO rozoom_staff
"""
REVOKE = """
REVOKE UPDATE (state, attempts, next_at, lease_until, leased_by, sent_at) ON notifications_delivery FROM rozoom_staff
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]
    operations = [migrations.RunSQL(GRANT, REVOKE)]
