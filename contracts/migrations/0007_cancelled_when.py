from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0006_import_rows")]

    operations = [
        migrations.AddField(
            model_name="agreementterm",
            name="cancelled_at",
            field=models.DateTimeField(blank=True, help_text="An instant before it answers as it did then.", null=True),
        ),
    ]
