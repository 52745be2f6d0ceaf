import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import rozoom_support.lib.ids
import rozoom_support.lib.zones
from tenancy.operations import TenantKey, TenantPolicies

READ = "SELECT"
WALL = [
    TenantPolicies("site", customer_grant=READ, reseller_grant=READ, worker_grant=READ),
    TenantPolicies("component", customer_grant=READ, reseller_grant=READ, worker_grant=READ),
    TenantKey("site"),
    TenantKey("component"),
    TenantKey("component", "site", "contracts.Site"),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sku", models.CharField(max_length=40, verbose_name="SKU")),
                ("name", models.CharField(max_length=160)),
                ("kind", models.CharField(choices=[("HARDWARE", "Hardware"), ("SOFTWARE", "Software")], max_length=8)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Upper("sku"), name="product_sku_taken"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["HARDWARE", "SOFTWARE"])), name="product_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("address", models.TextField(blank=True)),
                ("country", models.CharField(blank=True, help_text="Two letters, such as DE.", max_length=2)),
                ("subdivision", models.CharField(blank=True, max_length=6)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[rozoom_support.lib.zones.validate_time_zone]
                    ),
                ),
                ("contact_name", models.CharField(blank=True, max_length=120)),
                ("contact_phone", models.CharField(blank=True, max_length=40)),
                ("access_hours", models.CharField(blank=True, max_length=120)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Component",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("serial", models.CharField(max_length=80)),
                ("serial_normal", models.CharField(editable=False, max_length=80)),
                (
                    "location",
                    models.CharField(blank=True, help_text="Where at the site: rack 4, lift 2.", max_length=120),
                ),
                ("implemented_on", models.DateField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("IN_USE", "In use"),
                            ("REPLACED", "Replaced"),
                            ("RETURNED", "Returned"),
                            ("RETIRED", "Retired"),
                        ],
                        default="IN_USE",
                        max_length=8,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="components", to="contracts.product"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="components",
                        to="contracts.site",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="site_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.UniqueConstraint(
                models.F("customer"), django.db.models.functions.text.Upper("name"), name="site_name_taken"
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(fields=["customer", "site"], name="component_customer_site"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(fields=["reseller"], name="component_reseller"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(fields=["serial_normal"], name="component_serial"),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="component_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.UniqueConstraint(fields=("product", "serial_normal"), name="component_serial_taken"),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["IN_USE", "REPLACED", "RETURNED", "RETIRED"])),
                name="component_state_known",
            ),
        ),
        *WALL,
    ]
