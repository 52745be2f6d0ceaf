"""Who is on duty in the demo: a rota without a gap for each team and for the duty managers, and one stand-in to come."""

from datetime import datetime, time, timedelta

from rozoom_support.sample.world import World
from sla import duty, rostering
from sla.models import Rota
from sla.rota import Shift

ZONE = "Europe/Berlin"
MORNING, EVENING = time(6), time(18)
WORKDAYS, SATURDAY, SUNDAY = frozenset(range(1, 6)), frozenset({6}), frozenset({7})
# Team: who has the days, who has the nights; they share the week-end. None is the duty managers.
TWO_OF: dict[str | None, tuple[str, str]] = {
    "Drives": ("marek", "kenji"),
    "Doors and panels": ("lucia", "amina"),
    "Software": ("amina", "kenji"),
    None: ("david", "sofia"),
}
IN_DAYS, FOR_HOURS = 3, 12


def make_rotas(world: World, now: datetime) -> None:
    """A rota that is there already stays as it is."""
    for name, (day, night) in TWO_OF.items():
        team = world.teams[name] if name else None
        if Rota.objects.filter(team=team).exists():
            continue
        one, other = world.members[day].pk, world.members[night].pk
        shifts = [
            Shift(one, WORKDAYS, MORNING, EVENING),
            Shift(other, WORKDAYS, EVENING, MORNING),
            Shift(one, SATURDAY, MORNING, MORNING),
            Shift(other, SUNDAY, MORNING, MORNING),
        ]
        actor = world.actor("sofia")
        rota = rostering.save_rota(actor=actor, team=team, zone=ZONE, shifts=shifts, version=0, now=now)
        if name == "Drives":
            _stand_in(world, rota, now)


def _stand_in(world: World, rota: Rota, now: datetime) -> None:
    """Amina for whoever of Drives has duty three days from now."""
    begin = (now + timedelta(days=IN_DAYS)).replace(minute=0, second=0, microsecond=0)
    (away, *_) = duty.on_duty(rota.team_id, begin)
    rostering.add_change(
        actor=world.actor("david"),
        rota=rota,
        away=away,
        comes=world.members["amina"],
        starts_at=begin,
        ends_at=begin + timedelta(hours=FOR_HOURS),
        now=now,
    )
