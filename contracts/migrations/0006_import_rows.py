import django.db.models.deletion
from django.db import migrations, models

# The planner must know how many rows a file has just brought, or it joins 100,000 rows by nested loops. Only the owner may ANALYZE.
MEASURE = """
CREATE FUNCTION app.measure_import_rows() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN ANALYZE contracts_importrow; END $$;
GRANT EXECUTE ON FUNCTION app.measure_import_rows() TO rozoom_staff;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0005_sealed_orders"),
    ]

    operations = [
        migrations.AddField(
            model_name="bankline",
            name="reference",
            field=models.CharField(blank=True, help_text="The bank's own name of the line.", max_length=120),
        ),
        migrations.AddField(
            model_name="importrun",
            name="attempts",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, help_text="How often a process began the step that runs now."
            ),
        ),
        migrations.AddField(
            model_name="importrun",
            name="preview",
            field=models.JSONField(
                blank=True, default=dict, help_text="What writing it would do: a few rows of each sort."
            ),
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id", "line", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("key", models.UUIDField(help_text="What a new record made of this row is called.")),
                (
                    "is_bad",
                    models.BooleanField(
                        help_text="A cell can not be read. The others are kept, to judge the file as a whole."
                    ),
                ),
                ("customer", models.TextField(null=True)),
                ("site", models.TextField(null=True)),
                ("product", models.TextField(null=True)),
                ("serial", models.TextField(null=True)),
                ("serial_normal", models.TextField(null=True)),
                ("location", models.TextField(null=True)),
                ("zone", models.TextField(null=True)),
                ("currency", models.TextField(null=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("first_day", models.DateField(null=True)),
                ("last_day", models.DateField(null=True)),
                ("payer", models.TextField(null=True)),
                ("text", models.TextField(null=True)),
                ("reference", models.TextField(null=True)),
                ("outcome", models.CharField(db_default="new", help_text="new, changed, same or bad.", max_length=7)),
                ("found_id", models.UUIDField(help_text="The record there is already.", null=True)),
                ("found_product", models.UUIDField(null=True)),
                ("found_site", models.UUIDField(null=True)),
                ("found_owner", models.BigIntegerField(help_text="The customer.", null=True)),
                ("found_seller", models.BigIntegerField(help_text="The customer's reseller.", null=True)),
                ("old_site", models.UUIDField(null=True)),
                ("old_text", models.TextField(null=True)),
                ("old_day", models.DateField(null=True)),
                ("old_amount", models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ("new_text", models.TextField(null=True)),
                ("new_day", models.DateField(null=True)),
                ("is_move", models.BooleanField(db_default=False)),
                ("makes_warranty", models.BooleanField(db_default=False)),
                ("fingerprint", models.CharField(max_length=64, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contracts.importrun",
                    ),
                ),
            ],
        ),
        # Rows between reading and writing are worth no log: the file is still there.
        migrations.RunSQL("ALTER TABLE contracts_importrow SET UNLOGGED", "ALTER TABLE contracts_importrow SET LOGGED"),
        migrations.RunSQL(MEASURE, "DROP FUNCTION app.measure_import_rows()"),
    ]
