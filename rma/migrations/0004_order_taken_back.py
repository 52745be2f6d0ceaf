from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0008_parts_that_change_hands"),
        ("rma", "0003_due_at"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="poolunit",
            name="pool_unit_has_a_serial_once_it_is_here",
        ),
        migrations.AddConstraint(
            model_name="poolunit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["ON_ORDER", "RETIRED"]),
                    models.Q(("serial_normal", ""), _negated=True),
                    _connector="OR",
                ),
                name="pool_unit_has_a_serial_once_it_is_here",
            ),
        ),
    ]
