"""Ending one kind of mail: by the link in each of them, with or without a click by a person (RFC 8058)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.wishes import NEVER, NOW, choice_in, read_stop
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
        person = set_preferences(person=person, changes={wish.key: NOW if again else NEVER})
    context = {"wish": wish, "is_stopped": choice_in(person.preferences, wish) == NEVER, "email": person.email}
    return render(request, "notifications/stop.html", context)
