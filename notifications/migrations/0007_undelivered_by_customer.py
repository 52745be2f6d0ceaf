from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0006_threads_and_digests"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_dead_of_event",
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "DEAD")), fields=["customer", "event"], name="delivery_dead_of_customer"
            ),
        ),
    ]
