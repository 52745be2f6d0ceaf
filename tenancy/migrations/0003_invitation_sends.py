from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0002_invitation_name_and_withdrawal")]
    operations = [
        migrations.AddField(
            model_name="invitation",
            name="sends",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text="How often it went out."),
        ),
    ]
