from importlib import import_module

from django.db import migrations

# The event of a level says where the level stood in the ladder when it fired, so that its instant can be worked out again
# from the event alone: the ladder may have changed since.
BEFORE: str = import_module("sla.migrations.0010_levels_by_name").FIRE
STEP = (
    "SELECT d.id, l.level, l.percent, l.recipients,",
    "SELECT d.id, l.level, l.percent, l.after, l.counts_from, l.recipients,",
)
PAYLOAD = (
    "'level', f.level, 'percent', f.percent,",
    "'level', f.level, 'percent', f.percent, 'after', extract(epoch FROM f.after), 'counts_from', f.counts_from,",
)
FIRE = BEFORE.replace(*STEP).replace(*PAYLOAD)


class Migration(migrations.Migration):
    dependencies = [("sla", "0010_levels_by_name")]
    operations = [migrations.RunSQL(FIRE, BEFORE)]
