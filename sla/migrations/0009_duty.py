import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import rozoom_support.lib.zones
from tenancy.operations import ALL, TenantPolicies

# roZoom's own: no tenant learns who has duty. The worker reads, to tell them.
NOBODYS = {"customer": None, "reseller": None, "staff_grant": ALL, "worker_grant": "SELECT"}
WALL = [TenantPolicies(name, **NOBODYS) for name in ("ladder", "rota", "shift", "dutychange")]

# With a default of the database: clocks are written by its functions.
FIRED = "ALTER TABLE sla_clocksegment ADD COLUMN fired smallint[] NOT NULL DEFAULT '{}'"
FIRED_BACK = "ALTER TABLE sla_clocksegment DROP COLUMN fired"


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0008_proposal_clock_functions"),
        ("tenancy", "0004_standing_consent"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="ladderstep",
            options={"ordering": ["severity", "percent", "after", "level"]},
        ),
        migrations.RunSQL(
            FIRED,
            FIRED_BACK,
            state_operations=[
                migrations.AddField(
                    model_name="clocksegment",
                    name="fired",
                    field=django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=list,
                        editable=False,
                        help_text="The levels that need not fire any more.",
                        size=None,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="ladderstep",
            name="counts_from",
            field=models.DateTimeField(
                blank=True, help_text="When it was put where it is: for clocks that ran past it already.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="ladderstep",
            name="level",
            field=models.PositiveSmallIntegerField(help_text="Its number. The order is that of the times."),
        ),
        migrations.AlterField(
            model_name="ladderstep",
            name="recipients",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("assignee_or_team", "The owner, or who is on duty if nobody has it"),
                        ("team_lead", "The team's lead"),
                        ("reseller_agents", "The reseller's agents"),
                        ("duty_manager", "The duty manager"),
                        ("reseller_manager", "The reseller's manager"),
                        ("on_duty", "Who is on duty in the team"),
                    ],
                    max_length=20,
                ),
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="Ladder",
            fields=[
                ("severity", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "last_level",
                    models.PositiveSmallIntegerField(default=0, help_text="A number is never given to another level."),
                ),
                ("changed_at", models.DateTimeField(null=True)),
                ("changed_by", models.CharField(blank=True, max_length=160)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("severity__in", [1, 2, 3])), name="ladder_of_severity")
                ],
            },
        ),
        migrations.CreateModel(
            name="Rota",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "time_zone",
                    models.CharField(max_length=64, validators=[rozoom_support.lib.zones.validate_time_zone]),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField(null=True)),
                ("changed_by", models.CharField(blank=True, max_length=160)),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rotas",
                        to="tenancy.team",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DutyChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=160)),
                ("created_at", models.DateTimeField()),
                (
                    "away",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.membership",
                    ),
                ),
                (
                    "comes",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.membership",
                    ),
                ),
                (
                    "rota",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="sla.rota"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), help_text="Monday is 1.", size=None
                    ),
                ),
                ("starts_at", models.TimeField()),
                ("ends_at", models.TimeField()),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.membership"
                    ),
                ),
                (
                    "rota",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shifts", to="sla.rota"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="rota",
            constraint=models.UniqueConstraint(fields=("team",), name="rota_one_per_team", nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name="dutychange",
            index=models.Index(fields=["rota", "ends_at"], name="duty_change_of_rota"),
        ),
        migrations.AddConstraint(
            model_name="dutychange",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="duty_change_ends_after_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="dutychange",
            constraint=models.CheckConstraint(
                condition=models.Q(("away__isnull", False), ("comes__isnull", False), _connector="OR"),
                name="duty_change_names_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="dutychange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("away", models.F("comes")), _negated=True),
                    ("away__isnull", True),
                    ("comes__isnull", True),
                    _connector="OR",
                ),
                name="duty_change_of_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekdays__contained_by", [1, 2, 3, 4, 5, 6, 7]), ("weekdays__len__gte", 1)),
                name="shift_weekdays",
            ),
        ),
        *WALL,
    ]
