"""Reads of imports. They are roZoom's: other audiences have no rights on these tables."""

from uuid import UUID

from django.db.models import QuerySet

from contracts.imports.kinds import KINDS, kinds_for
from contracts.models import BankLine, ImportRun
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor


def runs_for(actor: Actor) -> QuerySet[ImportRun]:
    """Newest first, of the kinds this role may import."""
    names = [kind.name for kind in kinds_for(actor)]
    return ImportRun.objects.filter(kind__in=names).defer("preview").order_by("-created_at")


def run_for(actor: Actor, run_id: UUID) -> ImportRun:
    """The one way to a run. Raises NotFound when missing, or of a kind this role may not import."""
    run = ImportRun.objects.filter(pk=run_id).first() if actor.is_operator else None
    if run is None or not actor.can(KINDS[run.kind].capability):
        raise NotFound
    return run


def same_file_before(run: ImportRun) -> ImportRun | None:
    """The last time the very same file was written."""
    return (
        ImportRun.objects.filter(kind=run.kind, sha256=run.sha256, state=ImportRun.State.DONE)
        .exclude(pk=run.pk)
        .order_by("-finished_at")
        .first()
    )


def bank_lines(actor: Actor, state: str) -> QuerySet[BankLine]:
    """Oldest first: what waits longest is looked at first."""
    actor.require("invoice:manage")
    return BankLine.objects.filter(state=state).order_by("booked_on", "line", "pk")


def bank_line_for(actor: Actor, line_id: UUID) -> BankLine:
    line = BankLine.objects.filter(pk=line_id).first() if actor.can("invoice:manage") else None
    if line is None:
        raise NotFound
    return line
