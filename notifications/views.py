"""The bell and the page behind it."""

from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import notices
from notifications.forms import WishesForm
from notifications.models import Notice
from notifications.wishes import ESSENTIAL
from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.ui.times import MONTHS, WEEKDAYS, zone_named
from tenancy.pages import page
from tenancy.preferences import preferences_of
from tenancy.services import set_preferences

ROWS = 50


@require_safe
@page("notice:read")
def listed(request: Any) -> HttpResponse:
    shown = Paginator(notices.notices_of(request.actor), ROWS).get_page(request.GET.get("page"))
    rows = list(shown.object_list)
    context = {
        "section": "notices",
        "desk": request.actor.party != "customer",
        "page": shown,
        "days": _by_day(rows, request),
        # Up to here one can have seen them: what comes while the page stands open is not marked with them.
        "newest": max((notice.pk for notice in rows), default=0) if shown.number == 1 else 0,
    }
    return render(request, "notifications/notices.html", context)


@require_safe
@page("notice:read")
def opened(request: Any, notice_id: int) -> HttpResponse:
    """Read now, and on to what it is about."""
    notice = notices.notices_of(request.actor).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound
    notices.mark_read(actor=request.actor, notice=notice, now=request.unit.now)
    return HttpResponseRedirect(notice.path)


@require_POST
@page("notice:read")
def all_read(request: Any) -> HttpResponse:
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdecimal() and len(newest) < 19:
        notices.mark_all_read(actor=request.actor, newest=int(newest), now=request.unit.now)
    return HttpResponseRedirect(reverse("notifications:notices"))


@require_safe
@page("notice:read")
def bell(request: Any) -> HttpResponse:
    """What the bell asks from time to time: nothing while its count holds, else the number and the words anew.

    A tab that was opened for another organisation keeps what it shows: its next page belongs to the other one.
    """
    fresh = notices.Bell(request)
    was, asked_for = request.GET.get("was", ""), request.GET.get("for", "")
    if asked_for != str(request.membership.pk) or was == str(fresh.count):
        return HttpResponse(status=204)
    is_more = was.isdecimal() and (fresh.count or 0) > int(was)
    say = is_more and request.GET.get("said") != "1"
    context = {"bell": fresh, "oob": True, "said": "1" if say or request.GET.get("said") == "1" else "", "say": say}
    return render(request, "notifications/_bell_news.html", context)


@require_http_methods(["GET", "POST"])
@page("notice:read")
def wishes(request: Any) -> HttpResponse:
    """Which of them are mailed, and when."""
    party, now = request.actor.party, preferences_of(request.user, request.membership)
    form = WishesForm(request.POST or None, party=party, zone=now["time_zone"], initial=now)
    if request.method == "POST" and form.is_valid():
        set_preferences(person=request.user, changes=form.cleaned_data)
        messages.success(request, "Saved.")
        return HttpResponseRedirect(reverse("notifications:wishes"))
    essential = [words for words, parties in ESSENTIAL if party in parties]
    context = {"form": form, "essential": essential, "section": "wishes"}
    return render(request, "notifications/wishes.html", context, status=422 if request.method == "POST" else 200)


def _by_day(rows: list[Notice], request: Any) -> list[tuple[str, list[Notice]]]:
    """Days as the reader's calendar has them, the newest first; in a day what is unread stands first."""
    zone = zone_named(preferences_of(request.user, request.membership)["time_zone"])
    today = request.unit.now.astimezone(zone).date()
    days = groupby(rows, key=lambda notice: notice.created_at.astimezone(zone).date())
    return [(_day_words(day, today), sorted(found, key=_is_done)) for day, found in days]


def _is_done(notice: Notice) -> bool:
    return notice.read_at is not None or bool(notice.settled)  # type: ignore[attr-defined]


def _day_words(day: date, today: date) -> str:
    if (today - day).days in (0, 1):
        return "Today" if day == today else "Yesterday"
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"
