import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from tenancy.operations import ALL, TenantKey, TenantPolicies

READ = "SELECT"
WALL = [
    TenantPolicies("ladderstep", customer=None, reseller=None, staff_grant=ALL, worker_grant=READ),
    # Clocks are written by the functions of 0002 and 0004 alone. Locking a row asks for the worker's UPDATE.
    TenantPolicies(
        "clocksegment", customer_grant=READ, reseller_grant=READ, staff_grant=READ, worker_grant="SELECT, UPDATE"
    ),
    TenantPolicies("escalation", customer=None, reseller_grant=READ, staff_grant=READ, worker_grant=READ),
    TenantKey("clocksegment"),
    TenantKey("escalation"),
    TenantKey("escalation", "segment", "sla.ClockSegment"),
]

# Each segment is updated a few times in its life: room on the page for it.
ROOM = "ALTER TABLE sla_clocksegment SET (fillfactor = 70)"
ROOM_BACK = "ALTER TABLE sla_clocksegment RESET (fillfactor)"

# Whoever writes, and whatever the grants become: what was promised stays, what was judged stays.
# The reseller may change, with its customer (ON UPDATE CASCADE).
NEVER_REWRITTEN = """
CREATE FUNCTION app.refuse_rewrite() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'a clock segment is never rewritten' USING ERRCODE = '23514', CONSTRAINT = 'segment_never_rewritten';
END $$;
CREATE TRIGGER segment_never_rewritten BEFORE UPDATE ON sla_clocksegment FOR EACH ROW WHEN (
  (OLD.id, OLD.customer_id, OLD.ticket_id, OLD.kind, OLD.severity, OLD.counted_from, OLD.started_at, OLD.due_at, OLD.created_at)
    IS DISTINCT FROM
  (NEW.id, NEW.customer_id, NEW.ticket_id, NEW.kind, NEW.severity, NEW.counted_from, NEW.started_at, NEW.due_at, NEW.created_at)
  OR (OLD.outcome <> 'RUNNING' AND NEW.outcome <> OLD.outcome)
  OR (OLD.stopped_at IS NOT NULL
      AND (OLD.stopped_at, OLD.reason, OLD.level, OLD.version) IS DISTINCT FROM (NEW.stopped_at, NEW.reason, NEW.level, NEW.version))
) EXECUTE FUNCTION app.refuse_rewrite();
CREATE TRIGGER segment_never_deleted BEFORE DELETE ON sla_clocksegment
  FOR EACH ROW EXECUTE FUNCTION app.refuse_rewrite();
"""
NEVER_REWRITTEN_BACK = """
DROP TRIGGER segment_never_deleted ON sla_clocksegment;
DROP TRIGGER segment_never_rewritten ON sla_clocksegment;
DROP FUNCTION app.refuse_rewrite();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenancy", "0002_invitation_name_and_withdrawal"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockSegment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ticket_id", models.BigIntegerField()),
                ("kind", models.CharField(choices=[("FIRST", "First answer"), ("NEXT", "Next answer")], max_length=5)),
                ("severity", models.PositiveSmallIntegerField()),
                ("counted_from", models.DateTimeField()),
                ("started_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("RUNNING", "Running"),
                            ("MET", "Met"),
                            ("MISSED", "Missed"),
                            ("SUPERSEDED", "Replaced"),
                            ("CANCELLED", "Not needed any more"),
                        ],
                        db_default="RUNNING",
                        default="RUNNING",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, db_default="", default="", max_length=300)),
                (
                    "level",
                    models.PositiveSmallIntegerField(db_default=0, default=0, help_text="The last one that fired."),
                ),
                (
                    "next_action_at",
                    models.DateTimeField(blank=True, help_text="When the sweeper has to look again.", null=True),
                ),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
                ("created_at", models.DateTimeField()),
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
            name="Escalation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("scheduled_at", models.DateTimeField()),
                ("fired_at", models.DateTimeField()),
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
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="escalations",
                        to="sla.clocksegment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LadderStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("severity", models.PositiveSmallIntegerField()),
                ("level", models.PositiveSmallIntegerField(help_text="1 is told first.")),
                (
                    "percent",
                    models.PositiveSmallIntegerField(
                        help_text="Of the way from the start to the due time; 100 is the due time."
                    ),
                ),
                (
                    "after",
                    models.DurationField(
                        default=datetime.timedelta, help_text="Added to that, for reminders past the due time."
                    ),
                ),
                (
                    "recipients",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("assignee_or_team", "The owner, or the team if nobody has it"),
                                ("team_lead", "The team's lead"),
                                ("reseller_agents", "The reseller's agents"),
                                ("duty_manager", "The duty manager"),
                                ("reseller_manager", "The reseller's manager"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                    ),
                ),
            ],
            options={
                "ordering": ["severity", "level"],
                "constraints": [
                    models.UniqueConstraint(fields=("severity", "level"), name="ladder_level_once"),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", [1, 2, 3])), name="ladder_severity_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("level__gte", 1)), name="ladder_level_from_one"),
                    models.CheckConstraint(condition=models.Q(("percent__lte", 100)), name="ladder_percent_to_100"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("after", datetime.timedelta(0)),
                            models.Q(("after__gt", datetime.timedelta(0)), ("percent", 100)),
                            _connector="OR",
                        ),
                        name="ladder_after_the_due_time",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="clocksegment",
            index=models.Index(fields=["customer", "ticket_id"], name="segment_of_ticket"),
        ),
        migrations.AddIndex(
            model_name="clocksegment",
            index=models.Index(
                condition=models.Q(("next_action_at__isnull", False), ("stopped_at__isnull", True)),
                fields=["severity", "next_action_at"],
                name="segment_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="clocksegment",
            constraint=models.UniqueConstraint(fields=("customer", "id"), name="segment_tenant_key"),
        ),
        migrations.AddConstraint(
            model_name="clocksegment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stopped_at__isnull", True)),
                fields=("customer", "ticket_id"),
                name="segment_one_running_per_ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="clocksegment",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", [1, 2, 3])), name="segment_severity_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="clocksegment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["FIRST", "NEXT"])), name="segment_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="clocksegment",
            constraint=models.CheckConstraint(
                condition=models.Q(("started_at__gte", models.F("counted_from"))),
                name="segment_starts_with_its_promise",
            ),
        ),
        migrations.AddConstraint(
            model_name="clocksegment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome__in", ["RUNNING", "MISSED"]), ("stopped_at__isnull", True)),
                    models.Q(
                        ("outcome", "MET"), ("stopped_at__isnull", False), ("stopped_at__lte", models.F("due_at"))
                    ),
                    models.Q(
                        ("outcome", "MISSED"), ("stopped_at__gt", models.F("due_at")), ("stopped_at__isnull", False)
                    ),
                    models.Q(
                        ("outcome__in", ["SUPERSEDED", "CANCELLED"]),
                        ("stopped_at__isnull", False),
                        ("stopped_at__lte", models.F("due_at")),
                    ),
                    _connector="OR",
                ),
                name="segment_outcome_fits_its_times",
            ),
        ),
        migrations.AddConstraint(
            model_name="clocksegment",
            constraint=models.CheckConstraint(
                condition=models.Q(("stopped_at__isnull", True), ("next_action_at__isnull", True), _connector="OR"),
                name="segment_stopped_means_quiet",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(
                fields=("customer", "segment", "level"), name="escalation_once_per_level"
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=models.Q(("fired_at__gte", models.F("scheduled_at"))), name="escalation_never_before_its_time"
            ),
        ),
        migrations.RunSQL(ROOM, ROOM_BACK),
        migrations.RunSQL(NEVER_REWRITTEN, NEVER_REWRITTEN_BACK),
        *WALL,
    ]
