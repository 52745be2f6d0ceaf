import django.db.models.deletion
from django.db import migrations, models

from tenancy.operations import TenantKey


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0009_warranties_made_void"),
    ]

    operations = [
        migrations.AddField(
            model_name="component",
            name="replaced_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaces",
                to="contracts.component",
            ),
        ),
        TenantKey("component", "replaced_by", "contracts.Component"),
    ]
