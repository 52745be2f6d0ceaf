"""Who is on duty. Without a rota, and when everybody of it has left, a whole team is; the last rung is never empty."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from sla import rota as plans
from sla.models import DutyChange, Rota, Shift
from tenancy.capabilities import CAPABILITIES
from tenancy.models import Kind, Membership, Role, Team

# Who can keep a promise, and who answers for one that is late.
TEAM_ROLES: frozenset[str] = frozenset(CAPABILITIES["ticket:answer"])
MANAGER_ROLES: frozenset[str] = frozenset({Role.DUTY_MANAGER, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class OnDuty:
    """For the line at the desk: a team (None: the duty managers) and who of its rota has duty now."""

    team: Team | None
    people: tuple[Membership, ...]


def on_duty(team_id: int | None, at: datetime) -> list[Membership]:
    """Of a team: those its rota names, else all its members. Of the duty managers (no team): else all of them, else the
    administrators."""
    of_managers = Rota.objects.filter(team_id__isnull=True)
    rota = with_plans(Rota.objects.filter(team_id=team_id) if team_id is not None else of_managers, at).first()
    return (rostered(rota, at) if rota else []) or everybody(team_id)


def everybody(team_id: int | None) -> list[Membership]:
    if team_id is not None:
        return list(people().filter(teams=team_id))
    return list(people().filter(role=Role.DUTY_MANAGER)) or list(people().filter(role=Role.ADMINISTRATOR))


def now_on_duty(at: datetime) -> list[OnDuty]:
    """Of every rota, teams by name and the duty managers last."""
    found = [OnDuty(rota.team, tuple(rostered(rota, at))) for rota in with_plans(Rota.objects.all(), at)]
    return sorted(found, key=lambda one: (one.team is None, one.team.name.lower() if one.team else ""))


def rostered(rota: Rota, at: datetime) -> list[Membership]:
    """Whom the rota names, without those who have left or may not do this any more. For a rota of `with_plans`."""
    known = named(rota)
    found = [known[who] for who in plans.on_duty(plan_of(rota), at)]
    return [one for one in found if can_have_duty(one, rota.team_id)]


def with_plans(rotas: QuerySet[Rota], at: datetime, until: datetime | None = None) -> QuerySet[Rota]:
    """With their shifts, and the changes that count at `at` (or up to `until`, or, without it, at any later time)."""
    changes = DutyChange.objects.filter(ends_at__gt=at).order_by("pk")
    changes = changes.filter(starts_at__lt=until) if until else changes
    shifts = Shift.objects.select_related("membership__person", "membership__organisation").order_by("pk")
    changes = changes.select_related(
        *("away__person", "away__organisation", "comes__person", "comes__organisation"),
    )
    return rotas.select_related("team").prefetch_related(
        Prefetch("shifts", shifts, to_attr="all_shifts"), Prefetch("changes", changes, to_attr="coming_changes")
    )


def plan_of(rota: Rota) -> plans.Plan:
    shifts = tuple(shift.plain for shift in rota.all_shifts)  # type: ignore[attr-defined]
    changes = tuple(change.plain for change in rota.coming_changes)  # type: ignore[attr-defined]
    return plans.Plan(rota.time_zone, shifts, changes)


def named(rota: Rota) -> dict[int, Membership]:
    """Everybody who stands in a rota of `with_plans`, by number."""
    found = [shift.membership for shift in rota.all_shifts]  # type: ignore[attr-defined]
    for change in rota.coming_changes:  # type: ignore[attr-defined]
        found += [one for one in (change.away, change.comes) if one is not None]
    return {one.pk: one for one in found}


def can_have_duty(one: Membership, team_id: int | None) -> bool:
    return is_here(one) and one.role in (TEAM_ROLES if team_id is not None else MANAGER_ROLES)


def is_here(one: Membership) -> bool:
    organisation = one.organisation
    return one.is_active and one.person.is_active and organisation.is_active and organisation.kind == Kind.OPERATOR


def people() -> QuerySet[Membership]:
    """Those who work for roZoom, by name."""
    found = Membership.objects.select_related("person", "organisation").filter(organisation__kind=Kind.OPERATOR)
    return found.filter(is_active=True, person__is_active=True, organisation__is_active=True).order_by(
        "person_name", "pk"
    )


def candidates(team_id: int | None) -> list[Membership]:
    """Who may be put in this rota: the team's own first."""
    found = people().filter(role__in=TEAM_ROLES if team_id is not None else MANAGER_ROLES)
    own = set(Team.objects.filter(pk=team_id).values_list("members", flat=True)) if team_id is not None else set()
    return sorted(found, key=lambda one: one.pk not in own)


def line(at: datetime) -> str:
    """Marek Novák (Drives), duty manager David Okafor. Empty where there is no rota."""
    return ", ".join(_said(one) for one in now_on_duty(at))


def _said(one: OnDuty) -> str:
    names = " and ".join(person.person_name for person in one.people)
    if one.team is None:
        return f"duty manager {names}" if names else "all duty managers"
    return f"{names} ({one.team.name})" if names else f"all of {one.team.name}"


def teams_without(rotas: Collection[Rota]) -> list[Team]:
    return list(Team.objects.exclude(pk__in=[rota.team_id for rota in rotas if rota.team_id]).order_by("name"))
