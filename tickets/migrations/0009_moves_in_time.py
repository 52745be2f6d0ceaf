from django.db import migrations

# What the backlog and the reopening of a period are counted from (tickets/reports/statements.py, MOVES): few of the many
# events of the audit trail, in the order of time.
INDEX = """
CREATE INDEX ticket_moves ON tenancy_auditevent (at) WHERE
  verb IN ('ticket.resolve', 'ticket.reopen', 'ticket.withdraw', 'ticket.merge')
  OR verb = 'message.public' AND (data ->> 'then' = 'resolve' OR data ? 'reopened')
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_alerts_and_notices")]
    operations = [migrations.RunSQL(INDEX, "DROP INDEX ticket_moves")]
