"""What a person is told in the app: how much of it is unread, and what was settled before it was read.

@settles("segment")
def what_became_of_it() -> Expression: ...   # words once it is settled, else "" or NULL; over OuterRef("hinges_on_id")
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property

from notifications.models import Notice
from tenancy.actor import Actor

COUNTED = 99  # more than that is "99+"

Settling = Callable[[], Any]
_settlings: dict[str, Settling] = {}


def settles(name: str) -> Callable[[Settling], Settling]:
    """Asked of the database with each count and each list, so that a notice is quiet from the very moment on."""

    def register(settling: Settling) -> Settling:
        if _settlings.setdefault(name, settling) is not settling:
            raise RuntimeError(f"two of them settle {name}")
        return settling

    return register


def with_settled(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Each with `settled`: what became of it meanwhile, in words, or ""."""
    cases = [When(hinges_on=name, then=settling()) for name, settling in _settlings.items()]
    words = Case(*cases, default=Value(""), output_field=CharField())
    return notices.annotate(settled=Coalesce(words, Value(""), output_field=CharField()))


def notices_of(actor: Actor) -> QuerySet[Notice]:
    """The newest first. Row security shows nobody else's anyway; named so that the index serves."""
    return with_settled(Notice.objects.filter(_mine(actor))).order_by("-created_at", "-id")


def unread(actor: Actor) -> QuerySet[Notice]:
    """Neither read nor settled. `settled_at` is noted once an hour, and only spares the look at what it hinges on."""
    return notices_of(actor).filter(Q(settled=""), read_at__isnull=True, settled_at__isnull=True)


def count_unread(actor: Actor) -> int:
    """At most one more than COUNTED."""
    return unread(actor).order_by()[: COUNTED + 1].count()


def mark_read(*, actor: Actor, notice: Notice, now: datetime) -> None:
    Notice.objects.filter(_mine(actor), pk=notice.pk, read_at__isnull=True).update(read_at=now)


def mark_all_read(*, actor: Actor, newest: int, now: datetime) -> int:
    """Everything up to the newest one its reader has seen, by its key: what was made since was not read."""
    return Notice.objects.filter(_mine(actor), read_at__isnull=True, pk__lte=newest).update(read_at=now)


def mark_ticket_read(*, actor: Actor, ticket_id: int, now: datetime) -> int:
    """Its page was opened, and says all of it. Returns how many were unread."""
    about = Notice.objects.filter(_mine(actor), ticket_id=ticket_id, read_at__isnull=True, settled_at__isnull=True)
    return about.update(read_at=now)


def mark_reference_read(*, actor: Actor, reference: str, now: datetime) -> int:
    """The same for what has a page of its own and a number, such as a return. Returns how many were unread."""
    about = Notice.objects.filter(_mine(actor), reference=reference, read_at__isnull=True, settled_at__isnull=True)
    return about.update(read_at=now)


def _mine(actor: Actor) -> Q:
    return Q(person_id=actor.person_id, organisation_id=actor.organisation_id)


def note_settled(*, limit: int) -> int:
    """As the worker. Returns how many were noted."""
    waiting = Notice.objects.filter(read_at__isnull=True, settled_at__isnull=True).exclude(hinges_on="")
    keys = list(with_settled(waiting).exclude(Q(settled="")).values_list("pk", flat=True)[:limit])
    Notice.objects.filter(pk__in=keys).update(settled_at=TransactionNow())
    return len(keys)


class Bell:
    """The bell of one page. It counts when it is drawn, and not at all where the page has no tenant's rights."""

    def __init__(self, request: Any) -> None:
        self._request = request

    @cached_property
    def count(self) -> int | None:
        """None where nobody may ask now: the page's script asks later."""
        unit, actor = self._request.unit, self._request.actor
        return None if unit.ctx is None or unit.aborted else count_unread(actor)

    @property
    def words(self) -> str:
        """What the bell says to who can not see it: "3 unread notices"."""
        return words_of(self.count)

    @property
    def shown(self) -> str:
        return f"{COUNTED}+" if (self.count or 0) > COUNTED else str(self.count or "")


def bell_of(request: Any) -> Bell | None:
    """The same one for the whole of a request, so that it counts once."""
    if (known := getattr(request, "bell", None)) is not None:
        return known
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or actor.person_id is None or not actor.can("notice:read"):
        return None
    request.bell = Bell(request)
    return request.bell


def ticket_opened(request: Any, ticket_id: int) -> None:
    """Whoever loads the page of a ticket has read what the bell tells of it. Costs nothing while nothing is unread."""
    _opened(request, lambda: mark_ticket_read(actor=request.actor, ticket_id=ticket_id, now=request.unit.now))


def page_opened(request: Any, reference: str) -> None:
    """The same for the page of what has this number."""
    _opened(request, lambda: mark_reference_read(actor=request.actor, reference=reference, now=request.unit.now))


def _opened(request: Any, mark: Callable[[], int]) -> None:
    bell = bell_of(request)
    if request.method != "GET" or request.htmx or bell is None or not bell.count:
        return
    if mark():
        del bell.count  # counted anew when it is drawn


def words_of(count: int | None) -> str:
    if count is None:
        return "Notices"
    if count > COUNTED:
        return f"More than {COUNTED} unread notices"
    return f"{count or 'No'} unread notice{'' if count == 1 else 's'}"
