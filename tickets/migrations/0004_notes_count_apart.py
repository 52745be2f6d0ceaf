from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_queue_filters_in_order")]

    operations = [
        migrations.AddField("ticket", "partner_notes", models.PositiveIntegerField(default=0, db_default=0)),
        migrations.AddField("ticket", "internal_notes", models.PositiveIntegerField(default=0, db_default=0)),
    ]
