"""Ending one kind of mail: by the link in each of them, with or without a click by a person (RFC 8058)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.wishes import DAILY, NEVER, NOW, Wish, choice_in, in_daily_mail, read_stop
from tenancy.middleware import identity_view
from tenancy.models import Person
from tenancy.services import set_preferences


@csrf_exempt  # mail programs post here without a cookie; the signed link is the right to do it, and all it can do
@identity_view
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: Any, token: str) -> HttpResponse:
    """Looking changes nothing: scanners of mail servers open every link."""
    found = read_stop(token)
    person = Person.objects.filter(pk=found[0], is_active=True).first() if found else None
    if found is None or person is None:
        return render(request, "notifications/stop_gone.html", status=404)
    wish = found[1]
    if request.method == "POST":
        again = request.POST.get("again") == "1"
        person = set_preferences(person=person, changes=_changes(person, wish, again=again))
    is_daily = wish is DAILY
    is_stopped = not in_daily_mail(person.preferences) if is_daily else choice_in(person.preferences, wish) == NEVER
    context = {"wish": wish, "is_stopped": is_stopped, "is_daily": is_daily, "email": person.email}
    return render(request, "notifications/stop.html", context)


def _changes(person: Person, wish: Wish, *, again: bool) -> dict[str, Any]:
    """What the daily mail held is not known any more when it was stopped, so only the settings take that back."""
    if wish is DAILY:
        return {} if again else dict.fromkeys(in_daily_mail(person.preferences), NEVER)
    return {wish.key: NOW if again else NEVER}
