"""How allauth fits this house: people come by invitation, its mails go through the outbox, its links name our address."""

import logging
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from notifications.readers import members
from notifications.written import queue_written
from rozoom_support.lib.sealed import seal, unseal
from rozoom_support.lib.ui.times import absolute
from tenancy.context import as_login_role

log = logging.getLogger(__name__)

SECOND_STEP = "second step"

REACH = " or ".join(way for way in (settings.SUPPORT_CONTACT["phone"], settings.SUPPORT_CONTACT["email"]) if way)
WORDS = {
    "account_inactive": f"This account is closed. Ask roZoom to open it: {REACH}.",
    "email_password_mismatch": "The address or the password is not right. Check both and try again.",
    "too_many_login_attempts": "Too many tries. Wait five minutes, then try again.",
    "rate_limited": "Too many tries. Wait a few minutes, then try again.",
    "enter_current_password": "Type the password you have now.",
    "incorrect_password": "This is not your password. Try again.",
    "incorrect_code": "This code is not right, or not any more. Take the one the app shows now.",
    "invalid_password_reset": "This link no longer works. Ask for a new one.",
}


def _in_zone_of(email: str, at: datetime) -> str:
    with as_login_role():
        reader = next(iter(members(person__email__iexact=email)), None)
    return absolute(at, reader.zone if reader is not None else "UTC")


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = {**DefaultAccountAdapter.error_messages, **WORDS}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queued in the transaction of what it tells about; a worker delivers it."""
        reset = f"{settings.BASE_URL}{reverse('account_reset_password')}"
        told = {"email": email, "support": settings.SUPPORT_CONTACT, "reset_url": reset, **context}
        if "timestamp" in context:
            told["when"] = _in_zone_of(email, context["timestamp"])
        message = self.render_mail(template_prefix, email, told)
        action = "Choose a new password" if "password_reset_url" in context else "Reset the password"
        queue_written(to=email, subject=str(message.subject), text=str(message.body), action=action)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        log.info("signed in: person %s from %s", user.pk, self.get_client_ip(request))
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Not what was typed: people type passwords into the wrong field."""
        log.warning("sign-in failed from %s", self.get_client_ip(request))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built on BASE_URL: the Host header of whoever asked says nothing about where the link must lead."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.BASE_URL + path.replace("UID-KEY", quote(key))


class MFAAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps and recovery codes are encrypted: a copy of the database alone opens no account."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": WORDS["incorrect_code"],
        "cannot_generate_recovery_codes": "Set up the authenticator app first. Recovery codes come with it.",
    }

    def encrypt(self, text: str) -> str:
        return seal(SECOND_STEP, text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(SECOND_STEP, encrypted_text)
