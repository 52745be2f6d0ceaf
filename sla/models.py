"""What was promised, when it was due and what became of it. Written by functions of the database only (docs/promise.md)."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rozoom_support.lib.zones import validate_time_zone
from sla import clock
from sla import rota as plans
from tenancy.models import Membership, Team, TenantModel

RUNNING = Q(stopped_at__isnull=True)


class Recipient(models.TextChoices):
    ASSIGNEE_OR_TEAM = "assignee_or_team", "The owner, or who is on duty if nobody has it"
    TEAM_LEAD = "team_lead", "The team's lead"
    RESELLER_AGENTS = "reseller_agents", "The reseller's agents"
    DUTY_MANAGER = "duty_manager", "The duty manager"
    RESELLER_MANAGER = "reseller_manager", "The reseller's manager"
    ON_DUTY = "on_duty", "Who is on duty in the team"


class Ladder(models.Model):
    """What the levels of one severity share: who changed them last, and the highest number a level ever had."""

    severity = models.PositiveSmallIntegerField(primary_key=True)
    version = models.PositiveIntegerField(default=0)
    last_level = models.PositiveSmallIntegerField(default=0, help_text="A number is never given to another level.")
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=160, blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(severity__in=[1, 2, 3]), name="ladder_of_severity")]

    def __str__(self) -> str:
        return f"Ladder of severity {self.severity}"


class LadderStep(models.Model):
    """Who is told how far along a promise. The same for all customers; changes count for levels not yet fired.

    `level` is its name, not its place: it stays when the levels before it change, so that no clock fires it twice. The place
    follows from its instant.
    """

    severity = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField(help_text="Its number. The order is that of the times.")
    percent = models.PositiveSmallIntegerField(
        help_text="Of the way from the start to the due time; 100 is the due time."
    )
    after = models.DurationField(default=timedelta, help_text="Added to that, for reminders past the due time.")
    recipients = ArrayField(models.CharField(max_length=20, choices=Recipient))
    counts_from = models.DateTimeField(
        null=True, blank=True, help_text="When it was put where it is: for clocks that ran past it already."
    )

    class Meta:
        ordering: ClassVar = ["severity", "percent", "after", "level"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["severity", "level"], name="ladder_level_once"),
            models.CheckConstraint(condition=Q(severity__in=[1, 2, 3]), name="ladder_severity_known"),
            models.CheckConstraint(condition=Q(level__gte=1), name="ladder_level_from_one"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="ladder_percent_to_100"),
            models.CheckConstraint(
                condition=Q(after=timedelta()) | Q(after__gt=timedelta(), percent=100), name="ladder_after_the_due_time"
            ),
        ]

    def __str__(self) -> str:
        return f"Severity {self.severity}, level {self.level}"

    @property
    def step(self) -> clock.Step:
        return clock.Step(self.level, self.percent, self.after, tuple(self.recipients))


class ClockSegment(TenantModel):
    """One stretch of a promise. Never rewritten: a change of severity stops it and starts the next one.

    `counted_from` is what the target counts from: the report for FIRST, the customer's message for NEXT, the proposal of
    another severity for PROPOSAL, which runs beside the ticket's own. The segments of one promise share it.
    """

    class Kind(models.TextChoices):
        FIRST = "FIRST", "First answer"
        NEXT = "NEXT", "Next answer"
        PROPOSAL = "PROPOSAL", "Answer to a proposed severity"

    class Outcome(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        MET = "MET", "Met"
        MISSED = "MISSED", "Missed"
        SUPERSEDED = "SUPERSEDED", "Replaced"
        CANCELLED = "CANCELLED", "Not needed any more"

    ticket_id = models.BigIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    severity = models.PositiveSmallIntegerField()
    counted_from = models.DateTimeField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING, db_default=Outcome.RUNNING)
    reason = models.CharField(max_length=300, default="", db_default="", blank=True)
    level = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="The last one that fired.")
    fired = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        editable=False,
        help_text="The levels that need not fire any more.",
    )
    next_action_at = models.DateTimeField(null=True, blank=True, help_text="When the sweeper has to look again.")
    version = models.PositiveIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "id"], name="segment_tenant_key"),
            models.UniqueConstraint(
                fields=["customer", "ticket_id"],
                condition=RUNNING & Q(kind__in=["FIRST", "NEXT"]),
                name="segment_one_running_per_ticket",
            ),
            models.UniqueConstraint(
                fields=["customer", "ticket_id"],
                condition=RUNNING & Q(kind="PROPOSAL"),
                name="segment_one_running_per_proposal",
            ),
            models.CheckConstraint(condition=Q(severity__in=[1, 2, 3]), name="segment_severity_known"),
            models.CheckConstraint(condition=Q(kind__in=["FIRST", "NEXT", "PROPOSAL"]), name="segment_kind_known"),
            models.CheckConstraint(
                condition=Q(started_at__gte=models.F("counted_from")), name="segment_starts_with_its_promise"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, outcome__in=["RUNNING", "MISSED"])
                | Q(stopped_at__isnull=False, outcome="MET", stopped_at__lte=models.F("due_at"))
                | Q(stopped_at__isnull=False, outcome="MISSED", stopped_at__gt=models.F("due_at"))
                | Q(
                    stopped_at__isnull=False,
                    outcome__in=["SUPERSEDED", "CANCELLED"],
                    stopped_at__lte=models.F("due_at"),
                ),
                name="segment_outcome_fits_its_times",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(next_action_at__isnull=True),
                name="segment_stopped_means_quiet",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "ticket_id"], name="segment_of_ticket"),
            models.Index(
                fields=["severity", "next_action_at"],
                name="segment_due",
                condition=Q(stopped_at__isnull=True, next_action_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of ticket {self.ticket_id}, severity {self.severity}"

    @property
    def answered(self) -> bool:
        """By roZoom, in time or late. An answer needs no reason; whatever else ends a clock names one."""
        judged = self.outcome in (self.Outcome.MET, self.Outcome.MISSED)
        return self.stopped_at is not None and judged and self.reason in ("", clock.IMPORTED)

    def lateness(self, now: datetime) -> timedelta:
        return clock.lateness(self.due_at, self.stopped_at, now)

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("A clock is started, stopped, cancelled or superseded by sla.services.")


class Escalation(TenantModel):
    """One level of one segment that fired: once, for ever."""

    tenant_parent = "segment"
    segment = models.ForeignKey(
        ClockSegment, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="escalations"
    )
    level = models.PositiveSmallIntegerField()
    scheduled_at = models.DateTimeField()
    fired_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            # The customer stands first as in every unique key; the segment alone decides (composite key to it).
            models.UniqueConstraint(fields=["customer", "segment", "level"], name="escalation_once_per_level"),
            models.CheckConstraint(
                condition=Q(fired_at__gte=models.F("scheduled_at")), name="escalation_never_before_its_time"
            ),
        ]

    def __str__(self) -> str:
        return f"Level {self.level} of {self.segment_id}"


class Rota(models.Model):
    """Who of a team is on duty when. The one without a team is that of the duty managers."""

    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, db_index=False, related_name="rotas"
    )
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=160, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team"], name="rota_one_per_team", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.team.name if self.team else "Duty managers"


class Shift(models.Model):
    """Weekly, in the local time of the rota; until the next day where the end is not later than the start."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="shifts")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), help_text="Monday is 1.")
    starts_at = models.TimeField()
    ends_at = models.TimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7], weekdays__len__gte=1), name="shift_weekdays"
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership.person_name}, {self.starts_at:%H:%M} to {self.ends_at:%H:%M}"

    @property
    def plain(self) -> plans.Shift:
        return plans.Shift(self.membership_id, frozenset(self.weekdays), self.starts_at, self.ends_at)


class DutyChange(models.Model):
    """For an interval: somebody stands in for somebody, comes in addition, or is away (sla/rota.py, Change)."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="changes")
    away = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    comes = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_by = models.CharField(max_length=160)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="duty_change_ends_after_start"),
            models.CheckConstraint(
                condition=Q(away__isnull=False) | Q(comes__isnull=False), name="duty_change_names_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(away=models.F("comes")) | Q(away__isnull=True) | Q(comes__isnull=True),
                name="duty_change_of_two_people",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["rota", "ends_at"], name="duty_change_of_rota")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M}"

    @property
    def plain(self) -> plans.Change:
        return plans.Change(self.starts_at, self.ends_at, self.away_id, self.comes_id)
