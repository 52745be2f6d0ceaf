from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0005_about_no_customer"),
        ("tenancy", "0004_standing_consent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="thread",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of those with the same one in order, to one reader.",
                max_length=120,
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="for_digest",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Not mailed yet: waits for the daily mail."
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("thread", ""), _negated=True),
                fields=["thread", "recipient", "id"],
                name="delivery_of_thread",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "DEAD")), fields=["event"], name="delivery_dead_of_event"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("for_digest", True)), fields=["person", "id"], name="notice_for_digest"
            ),
        ),
        migrations.RunSQL(
            "GRANT SELECT (thread) ON notifications_delivery TO rozoom_staff",
            "REVOKE SELECT (thread) ON notifications_delivery FROM rozoom_staff",
        ),
    ]
