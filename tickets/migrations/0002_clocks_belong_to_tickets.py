from django.db import migrations

from tenancy.operations import TenantKey


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial"), ("sla", "0001_initial")]
    operations = [TenantKey("sla.clocksegment", "ticket", "tickets.Ticket")]
