import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenancy.operations import ALL, TenantKey, TenantPolicies

PUT_AWAY = "SELECT, INSERT"
WALL = [
    # The strip of alerts is the desk's: customers have none.
    TenantPolicies(
        "dismissedalert",
        customer=None,
        reseller_grant=PUT_AWAY,
        staff_grant=PUT_AWAY,
        worker_grant=ALL,
        own="person_id",
    ),
    TenantKey("dismissedalert"),
    TenantKey("dismissedalert", "ticket", "tickets.Ticket", on_delete="CASCADE"),
    TenantKey("notifications.notice", "ticket", "tickets.Ticket"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0004_standing_consent"),
        ("notifications", "0003_notices"),
        ("tickets", "0007_severity_wall"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DismissedAlert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dismissed_at", models.DateTimeField()),
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
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["dismissed_at"], name="dismissed_alert_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "ticket", "person"), name="alert_dismissed_once")
                ],
            },
        ),
        *WALL,
    ]
