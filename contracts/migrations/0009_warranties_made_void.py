import django.db.models.deletion
from django.db import migrations, models

import rozoom_support.lib.ids
from tenancy.operations import TenantKey, TenantPolicies

# What somebody at roZoom only proposes is seen by nobody else. An appeal is written by the customer's deputy.
PUBLIC = {"customer": ["public"], "reseller": ["public"]}
WALL = [
    TenantPolicies(
        "warrantyvoid",
        customer_grant="SELECT",
        reseller_grant="SELECT",
        staff_grant="SELECT, INSERT, UPDATE",
        worker_grant="SELECT, UPDATE",
        kinds=PUBLIC,
    ),
    TenantKey("warrantyvoid"),
    TenantKey("warrantyvoid", "warranty", "contracts.WarrantyCoverage"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0008_parts_that_change_hands"),
        ("tenancy", "0006_deputy"),
    ]

    operations = [
        migrations.CreateModel(
            name="WarrantyVoid",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("internal", "roZoom only"), ("public", "Everybody")], default="internal", max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PROPOSED", "Waits for a second person"),
                            ("WITHDRAWN", "Withdrawn"),
                            ("VOID", "Void"),
                            ("APPEALED", "Void, appealed"),
                            ("GIVEN_BACK", "Given back"),
                            ("FINAL", "Void for good"),
                        ],
                        default="PROPOSED",
                        max_length=10,
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("ABUSE", "Abuse"),
                            ("TAMPERING", "Tampering"),
                            ("UNLICENSED", "Work by somebody without a licence"),
                            ("SALE_REVERSED", "A reversed sale"),
                            ("WRONG_SERIAL", "A wrong serial"),
                        ],
                        max_length=13,
                    ),
                ),
                ("reason", models.CharField(max_length=1000)),
                ("evidence", models.CharField(blank=True, help_text="Where it lies.", max_length=400)),
                ("proposed_by_id", models.BigIntegerField()),
                ("proposed_by_name", models.CharField(max_length=160)),
                ("proposed_at", models.DateTimeField()),
                ("confirmed_by_id", models.BigIntegerField(null=True)),
                ("confirmed_by_name", models.CharField(blank=True, max_length=160)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("withdrawn_by_name", models.CharField(blank=True, max_length=160)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("appeal", models.CharField(blank=True, max_length=2000)),
                ("appealed_by_name", models.CharField(blank=True, max_length=160)),
                ("appealed_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=1000)),
                ("answered_by_name", models.CharField(blank=True, max_length=160)),
                ("answered_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="warrantycoverage",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="warranty_tenant_key"),
        ),
        migrations.AddField(
            model_name="warrantyvoid",
            name="customer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.organisation",
            ),
        ),
        migrations.AddField(
            model_name="warrantyvoid",
            name="reseller",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.organisation",
            ),
        ),
        migrations.AddField(
            model_name="warrantyvoid",
            name="warranty",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="voids",
                to="contracts.warrantycoverage",
            ),
        ),
        migrations.AddIndex(
            model_name="warrantyvoid",
            index=models.Index(
                condition=models.Q(("state__in", ["PROPOSED", "APPEALED"])),
                fields=["proposed_at"],
                name="warranty_void_to_do",
            ),
        ),
        migrations.AddConstraint(
            model_name="warrantyvoid",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="warranty_void_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="warrantyvoid",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["WITHDRAWN", "GIVEN_BACK"]), _negated=True),
                fields=("customer", "warranty"),
                name="warranty_void_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="warrantyvoid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_at", None),
                        ("confirmed_by_id", None),
                        ("kind", "internal"),
                        ("state__in", ["PROPOSED", "WITHDRAWN"]),
                    ),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("confirmed_by_id__isnull", False),
                        ("kind", "public"),
                        ("state__in", ["VOID", "APPEALED", "GIVEN_BACK", "FINAL"]),
                    ),
                    _connector="OR",
                ),
                name="warranty_void_shown_when_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="warrantyvoid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ground__in", ["SALE_REVERSED", "WRONG_SERIAL"]),
                    models.Q(
                        ("ground__in", ["ABUSE", "TAMPERING", "UNLICENSED"]),
                        models.Q(("evidence", ""), _negated=True),
                        models.Q(
                            ("confirmed_by_id", None),
                            models.Q(("confirmed_by_id", models.F("proposed_by_id")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="warranty_void_by_two_with_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="warrantyvoid",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "APPEALED"), _negated=True),
                    models.Q(models.Q(("appeal", ""), _negated=True), ("appealed_at__isnull", False)),
                    _connector="OR",
                ),
                name="warranty_void_appeal_has_words",
            ),
        ),
        *WALL,
    ]
