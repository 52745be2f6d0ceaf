"""The daily mail: what its reader chose not to be told at once, once a day at an hour of his own.

A mail of a day has one key, which is unique: however many workers try at once, and however often, it is made once. It holds
what came before its hour; what came after waits for the next day, also when a worker comes late.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from notifications.handlers import Mail
from notifications.letters import Letter, News, as_html, as_text, with_stop
from notifications.models import Delivery, Notice
from notifications.notices import with_settled
from notifications.services import message_id
from notifications.wishes import DAILY, stop_url
from rozoom_support.lib.ui.times import zone_named
from tenancy.context import Context, looking_as, work_unit
from tenancy.models import AUDIENCE_OF_KIND, Kind, Membership
from tenancy.preferences import preferences_of

log = logging.getLogger(__name__)
WORKER = Context("worker")
SHOWN = 50  # in one mail; the others stand behind the bell


def send_digests() -> int:
    """As a job, each person in a transaction of its own. Returns how many mails were made. Safe to run twice and at once."""
    with work_unit(WORKER):
        people = list(Notice.objects.filter(for_digest=True).order_by().values_list("person_id", flat=True).distinct())
    made = 0
    for person_id in people:
        try:
            with work_unit(WORKER) as unit:
                made += _digest_for(person_id, unit.now)
        except Exception:
            log.exception("the daily mail of person %s could not be made", person_id)
    return made


def _digest_for(person_id: int, now: datetime | None) -> bool:
    assert now is not None
    memberships = _memberships(person_id)
    if not memberships:
        Notice.objects.filter(person_id=person_id, for_digest=True).update(for_digest=False)
        return False
    day, until = _last_hour(memberships[0], now)
    waiting = Notice.objects.filter(person_id=person_id, for_digest=True, created_at__lt=until)
    news = {one.organisation.name: rows for one in memberships if (rows := _read_as(one, waiting))}
    taken = list(waiting.values_list("pk", flat=True))
    if not taken:
        return False
    is_made = bool(news) and _queue(memberships[0], day, news, now)
    if is_made or not news:  # else that day's mail has gone out: these are for tomorrow's
        Notice.objects.filter(pk__in=taken).update(for_digest=False)
    return is_made


def _memberships(person_id: int) -> list[Membership]:
    found = Membership.objects.select_related("organisation", "person").filter(
        person_id=person_id, is_active=True, person__is_active=True, organisation__is_active=True
    )
    return list(found.order_by("organisation__name", "pk"))


def _last_hour(membership: Membership, now: datetime) -> tuple[date, datetime]:
    """The day whose mail is due, and its hour, by the reader's clock: today's from that hour on, else yesterday's."""
    prefs = preferences_of(membership.person, membership)
    zone = zone_named(prefs["time_zone"])
    day = now.astimezone(zone).date()
    due = datetime(day.year, day.month, day.day, prefs["digest_hour"], tzinfo=zone)
    if now < due:
        day -= timedelta(days=1)
        due = datetime(day.year, day.month, day.day, prefs["digest_hour"], tzinfo=zone)
    return day, due


def _read_as(membership: Membership, waiting: QuerySet[Notice]) -> list[Notice]:
    """What this person may read now as a member of this organisation, by the database's own rules, and has not read yet."""
    audience = AUDIENCE_OF_KIND[Kind(membership.organisation.kind)]
    org = None if audience == "staff" else membership.organisation_id
    mine = waiting.filter(organisation_id=membership.organisation_id, read_at__isnull=True, settled_at__isnull=True)
    with looking_as(Context(audience, org, membership.person_id)):
        return list(with_settled(mine).filter(Q(settled="")).order_by("reference", "created_at", "pk"))


def _queue(membership: Membership, day: date, news: dict[str, list[Notice]], now: datetime) -> bool:
    """False when that day's mail was made already: the unique key decides."""
    key = f"digest.{membership.person_id}.{day.isoformat()}"
    letter = _letter(membership, news)
    url = settings.BASE_URL + reverse("notifications:notices")
    mail = with_stop(
        Mail(
            to=membership.person_email,
            subject=letter.headline,
            text=as_text(letter, url),
            html=as_html(letter, url, letter.headline),
            headers={"X-Auto-Response-Suppress": "All"},
        ),
        stop_url(membership.person_id, DAILY),
    )
    row = Delivery(
        dedup_key=key,
        message_id=message_id(key),
        recipient=mail.to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        headers=dict(mail.headers),
        severity=3,
        created_at=now,
        next_at=TransactionNow(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _letter(membership: Membership, news: dict[str, list[Notice]]) -> Letter:
    number = sum(len(rows) for rows in news.values())
    several = len(news) > 1
    sections = [
        News(f"{about}, {name}" if several else about, lines)
        for name, rows in news.items()
        for about, lines in _by_thing(rows[:SHOWN])
    ]
    left = number - sum(len(section.lines) for section in sections)
    hour = preferences_of(membership.person, membership)["digest_hour"]
    return Letter(
        headline=f"{number} thing{'s' if number > 1 else ''} since yesterday",
        lead=f"{number} thing{'s' if number > 1 else ''} happened that you have not read yet.",
        news=sections,
        paragraphs=[f"{left} more stand behind the bell."] if left else [],
        action="All notices",
        why=f"To answer something, open it: an answer to this mail reaches none of it. "
        f"You get this once a day at {hour:02}:00, as you chose.",
    )


def _by_thing(rows: list[Notice]) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    for (reference, detail), found in groupby(rows, key=lambda one: (one.reference, one.detail)):
        title = ": ".join(words for words in (reference, detail) if words) or "Other news"
        yield (
            title,
            [(one.title, f"{settings.BASE_URL}{reverse('notifications:open', args=[one.pk])}") for one in found],
        )
