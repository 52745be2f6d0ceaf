from django.db import migrations, models
from django.db.models import F, Q

OPEN = Q(state__in=["NEW", "OPEN", "WAITING"])


class Migration(migrations.Migration):
    """The queue filtered by state or severity in its own order, and ended tickets by their last change."""

    dependencies = [("tickets", "0002_clocks_belong_to_tickets")]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                F("state"),
                F("clock_due_at"),
                F("last_customer_message_at"),
                F("id"),
                condition=OPEN,
                name="ticket_queue_state",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                F("severity"),
                F("clock_due_at"),
                F("last_customer_message_at"),
                F("id"),
                condition=OPEN,
                name="ticket_queue_severity",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(F("updated_at").desc(), F("id").desc(), condition=~OPEN, name="ticket_ended"),
        ),
    ]
