from datetime import timedelta
from typing import Any

from django.db import migrations

# Who is told before and after the due time until roZoom changes it in the admin: level, percent of the target, whom.
BEFORE = [
    (1, 50, ["assignee_or_team"]),
    (2, 75, ["team_lead", "reseller_agents"]),
    (3, 100, ["duty_manager", "reseller_manager"]),
]
AGAIN_EVERY = {1: timedelta(minutes=30), 2: timedelta(hours=2), 3: timedelta(hours=12)}
AGAIN_AT_MOST = 8


def rows() -> list[dict[str, Any]]:
    steps = [
        {"severity": severity, "level": level, "percent": percent, "after": timedelta(), "recipients": recipients}
        for severity in AGAIN_EVERY
        for level, percent, recipients in BEFORE
    ]
    last = len(BEFORE)
    return steps + [
        {"severity": severity, "level": last + n, "percent": 100, "after": pause * n, "recipients": BEFORE[-1][2]}
        for severity, pause in AGAIN_EVERY.items()
        for n in range(1, AGAIN_AT_MOST + 1)
    ]


def add_ladder(apps: Any, schema_editor: Any) -> None:
    step = apps.get_model("sla", "LadderStep")
    step.objects.bulk_create([step(**row) for row in rows()])


def remove_ladder(apps: Any, schema_editor: Any) -> None:
    apps.get_model("sla", "LadderStep").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0002_clock_functions"),
    ]

    operations = [
        migrations.RunPython(add_ladder, remove_ladder),
    ]
