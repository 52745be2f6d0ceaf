import django.db.models.deletion
from django.db import migrations, models

from tenancy.operations import ALL, TenantKey, TenantPolicies

# Bodies may hold reset links: whoever reads them can take over an account. Staff read everything else.
READ_BY_STAFF = """SELECT (id, channel, dedup_key, recipient, subject, headers, message_id, severity, guard, state, attempts,
next_at, lease_until, leased_by, created_at, sent_at, last_error, event_id, customer_id, reseller_id)"""

WALL = [
    TenantPolicies(
        "event", customer_grant="INSERT", reseller_grant="INSERT", staff_grant="SELECT, INSERT", worker_grant=ALL
    ),
    TenantPolicies(
        "delivery", customer=None, reseller=None, staff_grant=READ_BY_STAFF, worker_grant=ALL, login="INSERT"
    ),
    TenantKey("event"),
    TenantKey("delivery"),
    TenantKey("delivery", "event", "notifications.Event"),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenancy", "0002_invitation_name_and_withdrawal"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(help_text="What happened: ticket.filed.", max_length=60)),
                ("ticket_id", models.BigIntegerField(blank=True, null=True)),
                ("payload", models.JSONField(blank=True, default=dict)),
                ("severity", models.PositiveSmallIntegerField(default=3)),
                (
                    "state",
                    models.CharField(
                        choices=[("QUEUED", "Waiting"), ("HANDLED", "Handled"), ("DEAD", "Given up")],
                        db_default="QUEUED",
                        default="QUEUED",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "next_at",
                    models.DateTimeField(help_text="Not tried before; also the end of the lease of whoever tries now."),
                ),
                ("created_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True, db_default="", default="")),
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
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(choices=[("mail", "Mail")], db_default="mail", default="mail", max_length=8),
                ),
                ("dedup_key", models.CharField(max_length=200)),
                ("recipient", models.CharField(max_length=320)),
                ("subject", models.CharField(max_length=255)),
                ("text", models.TextField()),
                ("html", models.TextField(blank=True, db_default="", default="")),
                ("headers", models.JSONField(blank=True, default=dict)),
                ("message_id", models.CharField(max_length=320)),
                ("severity", models.PositiveSmallIntegerField(default=3)),
                (
                    "guard",
                    models.JSONField(
                        blank=True, help_text="Asked just before sending; see handlers.guards.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("QUEUED", "Waiting"),
                            ("SENT", "Sent"),
                            ("DEAD", "Given up"),
                            ("DROPPED", "Not needed any more"),
                        ],
                        db_default="QUEUED",
                        default="QUEUED",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("next_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("leased_by", models.CharField(blank=True, db_default="", default="", max_length=120)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True, db_default="", default="")),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.organisation",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="notifications.event",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("state", "QUEUED")), fields=["severity", "next_at", "id"], name="event_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(condition=models.Q(("state", "DEAD")), fields=["id"], name="event_dead"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("state", "HANDLED")), fields=["handled_at"], name="event_handled_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="event_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["QUEUED", "HANDLED", "DEAD"])), name="event_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", (1, 2, 3))), name="event_severity_known"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "QUEUED")), fields=["severity", "next_at", "id"], name="delivery_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "DEAD")), fields=["id"], name="delivery_dead"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["SENT", "DROPPED"])), fields=["created_at"], name="delivery_done_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("dedup_key",), name="delivery_dedup_key_unique"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["QUEUED", "SENT", "DEAD", "DROPPED"])), name="delivery_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", (1, 2, 3))), name="delivery_severity_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["mail"])), name="delivery_channel_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", False), ("state", "SENT")),
                    models.Q(models.Q(("state", "SENT"), _negated=True), ("sent_at__isnull", True)),
                    _connector="OR",
                ),
                name="delivery_sent_has_a_time",
            ),
        ),
        *WALL,
    ]
