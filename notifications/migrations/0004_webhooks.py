import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import rozoom_support.lib.ids
from tenancy.operations import ALL, TenantKey, TenantPolicies

BY_ORGANISATION = {"customer": "organisation_id", "reseller": "organisation_id"}
ENDPOINT = "notifications_webhookendpoint"
SECRETS = "notifications_webhooksecret"
DELIVERIES = "notifications_webhookdelivery"
# Who makes a secret sees it once, in the answer to that very request. After that only the worker reads it, to sign.
MAKE_SECRETS = "SELECT (id, organisation_id, endpoint_id, created_at, expires_at), INSERT, UPDATE (expires_at)"
# A test is written by whoever asks for it; what was sent can be sent again, and is never changed.
LOOK_AND_REPLAY = "SELECT, INSERT, UPDATE (state, attempts, next_at, queued_at)"
OF_WHOM_ONE_SERVES = """
CREATE POLICY customer_about ON notifications_webhookdelivery AS RESTRICTIVE TO rozoom_customer
  USING ((customer_id IS NULL OR customer_id = (SELECT app.current_org())) AND state <> 'NEW')
  WITH CHECK ((customer_id IS NULL OR customer_id = (SELECT app.current_org())) AND state <> 'NEW');
CREATE POLICY reseller_about ON notifications_webhookdelivery AS RESTRICTIVE TO rozoom_reseller
  USING ((reseller_id IS NULL OR reseller_id = (SELECT app.current_org())) AND state <> 'NEW')
  WITH CHECK ((reseller_id IS NULL OR reseller_id = (SELECT app.current_org())) AND state <> 'NEW');
"""
OF_ANYBODY = """
DROP POLICY customer_about ON notifications_webhookdelivery;
DROP POLICY reseller_about ON notifications_webhookdelivery;
"""


def of_endpoint(table: str) -> migrations.RunSQL:
    """The organisation stands in the key: nobody signs or sends for another's address."""
    name = f"{table}_endpoint_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (organisation_id, endpoint_id) "
        f"REFERENCES {ENDPOINT} (organisation_id, id) DEFERRABLE INITIALLY IMMEDIATE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


WALL = [
    TenantPolicies(
        "webhookendpoint",
        **BY_ORGANISATION,
        worker_grant="SELECT, UPDATE",
    ),
    TenantPolicies(
        "webhooksecret",
        **BY_ORGANISATION,
        customer_grant=MAKE_SECRETS,
        reseller_grant=MAKE_SECRETS,
        staff_grant=MAKE_SECRETS,
        worker_grant="SELECT, DELETE",
    ),
    TenantPolicies(
        "webhookdelivery",
        **BY_ORGANISATION,
        customer_grant=LOOK_AND_REPLAY,
        reseller_grant=LOOK_AND_REPLAY,
        staff_grant=LOOK_AND_REPLAY,
        worker_grant=ALL,
    ),
    migrations.RunSQL(OF_WHOM_ONE_SERVES, OF_ANYBODY),
    of_endpoint(SECRETS),
    of_endpoint(DELIVERIES),
    TenantKey("webhookdelivery"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_notices"),
        ("tenancy", "0004_standing_consent"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "event_id",
                    models.BigIntegerField(blank=True, help_text="Events are forgotten; a test has none.", null=True),
                ),
                (
                    "topic",
                    models.CharField(help_text="What the receiver reads as its type: message.added.", max_length=40),
                ),
                (
                    "ordering",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Of those with the same one after the other.",
                        max_length=60,
                    ),
                ),
                ("body", models.TextField(blank=True, db_default="", default="")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("NEW", "Being written"),
                            ("QUEUED", "Waiting"),
                            ("SENT", "Delivered"),
                            ("DEAD", "Given up"),
                        ],
                        db_default="NEW",
                        default="NEW",
                        max_length=6,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "next_at",
                    models.DateTimeField(help_text="Not tried before; also the end of the lease of whoever tries now."),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "queued_at",
                    models.DateTimeField(
                        help_text="The day in which it is tried begins here, anew when it is sent again."
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("last_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, db_default="", default="", max_length=300)),
                ("last_answer", models.TextField(blank=True, db_default="", default="")),
                (
                    "tries",
                    models.JSONField(blank=True, default=list, help_text="The last ones: at, status, ms, error."),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rozoom_support.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("description", models.CharField(blank=True, max_length=120)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("ON", "On"), ("OFF", "Switched off"), ("DEAD", "Switched off by us")],
                        db_default="ON",
                        default="ON",
                        max_length=4,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_by_name", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                (
                    "last_ms",
                    models.PositiveIntegerField(blank=True, help_text="How long the last success took.", null=True),
                ),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(db_default=0, default=0, help_text="In a row.")),
                ("paused_until", models.DateTimeField(blank=True, help_text="Nothing is tried before.", null=True)),
                ("switched_off_at", models.DateTimeField(blank=True, null=True)),
                ("switched_off_because", models.CharField(blank=True, db_default="", default="", max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("state", "QUEUED")), fields=["ticket_id", "id"], name="event_of_ticket_waiting"
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="customer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.organisation",
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="organisation",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="reseller",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.organisation",
            ),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="organisation",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
            ),
        ),
        migrations.AddField(
            model_name="webhookdelivery",
            name="endpoint",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="notifications.webhookendpoint",
            ),
        ),
        migrations.AddField(
            model_name="webhooksecret",
            name="endpoint",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="secrets",
                to="notifications.webhookendpoint",
            ),
        ),
        migrations.AddField(
            model_name="webhooksecret",
            name="organisation",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.organisation"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(fields=("organisation", "id"), name="webhook_endpoint_key"),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["ON", "OFF", "DEAD"])), name="webhook_endpoint_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "ON"), ("switched_off_at__isnull", False), _connector="OR"),
                name="webhook_endpoint_off_since_when",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(condition=models.Q(("state", "NEW")), fields=["created_at"], name="webhook_new"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "QUEUED")),
                fields=["endpoint", "next_at", "event_id"],
                name="webhook_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state__in", ["NEW", "QUEUED"])),
                fields=["endpoint", "ordering", "event_id"],
                name="webhook_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["endpoint", "-created_at", "-id"], name="webhook_of_endpoint"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["created_at"], name="webhook_age"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                fields=("organisation", "endpoint", "event_id"), name="webhook_once_per_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["NEW", "QUEUED", "SENT", "DEAD"])), name="webhook_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "NEW"), models.Q(("body", ""), _negated=True), _connector="OR"),
                name="webhook_has_a_body",
            ),
        ),
        migrations.AddIndex(
            model_name="webhooksecret",
            index=models.Index(fields=["endpoint"], name="webhook_secret_of_endpoint"),
        ),
        migrations.AddConstraint(
            model_name="webhooksecret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("expires_at", None)),
                fields=("organisation", "endpoint"),
                name="webhook_secret_one_that_stays",
            ),
        ),
        *WALL,
    ]
