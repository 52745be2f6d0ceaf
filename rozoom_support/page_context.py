"""What every page shows: who is signed in for whom, their preferences, the server's clock, how to reach roZoom."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from notifications.notices import bell_of
from rozoom_support.menu import menu_of
from tenancy.pages import new_form_token
from tenancy.preferences import preferences_of
from tickets.mail.queries import held_count


def page(request: HttpRequest) -> dict[str, Any]:
    membership = getattr(request, "membership", None)
    unit = getattr(request, "unit", None)
    actor = getattr(request, "actor", None)
    now = (unit.now if unit is not None else None) or timezone.now()
    return {
        "membership": membership,
        "memberships": getattr(request, "memberships", []),
        "actor": actor,
        "menu": menu_of(actor, membership.organisation.kind) if membership is not None else None,
        "bell": bell_of(request),
        "may": {
            "manage_tokens": actor is not None and actor.can("token:manage"),
            "manage_webhooks": actor is not None and actor.can("webhook:manage"),
            "import_files": actor is not None and actor.can("component:manage"),
            "consent": actor is not None and actor.can("severity:consent"),
            "manage_pool": actor is not None and actor.can("pool:manage"),
        },
        # Pages that step out of the context to read identities have no right to count mails.
        "held_mail": lambda: (
            held_count(actor) if actor is not None and unit is not None and unit.ctx is not None else 0
        ),
        "prefs": preferences_of(getattr(request, "user", None), membership),
        "now": now,
        "server_now_ms": int(now.timestamp() * 1000),
        "support": settings.SUPPORT_CONTACT,
        "demo": settings.DEMO,
        "sample_data": settings.SAMPLE_DATA,
        "mail_url": settings.MAIL_CATCHER_URL if settings.DEMO else "",
        "form_token": new_form_token(),
        "limits": settings.LIMITS,
    }
