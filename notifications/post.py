"""Handing mails to the SMTP server over one connection, and judging its refusals."""

import smtplib
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from notifications.models import Delivery

# The server wants a password or does not take ours: that is our set-up, and no mail's fault.
SIGN_IN_CODES = {454, 530, 534, 535, 538}
HANGS_UP = 421


class ServerAway(Exception):
    """No mail was tried: the server can not be reached or does not let us in."""


class Refused(Exception):
    """The server or our own library did not take this mail. `for_good`: trying again can not help."""

    def __init__(self, words: str, *, for_good: bool) -> None:
        super().__init__(words)
        self.for_good = for_good


class Post:
    """Opens at the first mail, stays open for the next ones, opens again after an error.

    A server that says 421 over a connection that has carried mail may only mean that connection, as many take a number of
    mails over each: the mail has one more try over a new one. No server has a mail to which it said that."""

    def __init__(self) -> None:
        self._backend: Any = get_connection()
        self._is_open = False
        self._carried = 0  # mails, over the connection that is open

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._close()

    def send(self, delivery: Delivery) -> None:
        """Returns when the server has taken the mail. Raises ServerAway or Refused."""
        message = _message(delivery)
        self._open()
        message.connection = self._backend
        try:
            try:
                self._hand_over(message)
            except smtplib.SMTPException as error:
                if not self._carried or _code(error) != HANGS_UP:
                    raise
                self._close()
                self._open()
                self._hand_over(message)
        except (Refused, ServerAway):
            raise
        except Exception as error:
            self._close()
            raise _judged(error) from error

    def _hand_over(self, message: EmailMultiAlternatives) -> None:
        if message.send() != 1:
            raise Refused("nobody to send to", for_good=True)
        self._carried += 1

    def _open(self) -> None:
        try:
            if self._is_open and not self._still_listens():
                self._close()
            if not self._is_open:
                self._backend.open()
                self._is_open, self._carried = True, 0
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            raise ServerAway(f"{type(error).__name__}: {error}") from error

    def _still_listens(self) -> bool:
        """Servers hang up after a while or a number of mails. Noticed before a mail is said, so none is said twice."""
        session = getattr(self._backend, "connection", None)
        if session is None:
            return True  # a backend without a connection
        try:
            return session.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _close(self) -> None:
        self._is_open = False
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            self._backend.connection = None


def _message(delivery: Delivery) -> EmailMultiAlternatives:
    # Some services that send for others put a Message-ID of their own in its place: X-RoZoom-Mail comes back in a bounce.
    named = {"Message-ID": delivery.message_id, "X-RoZoom-Mail": delivery.message_id}
    headers = {"Auto-Submitted": "auto-generated", **delivery.headers, **named}
    message = EmailMultiAlternatives(
        delivery.subject, delivery.text, settings.DEFAULT_FROM_EMAIL, [delivery.recipient], headers=headers
    )
    if delivery.html:
        message.attach_alternative(delivery.html, "text/html")
    try:
        message.message().as_bytes()
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {error}", for_good=True) from error
    return message


def _judged(error: Exception) -> Exception:
    """4xx and a broken line: later. 5xx: never. A wrong password: our own problem."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))  # we name one recipient a mail
        return Refused(_said(code, text), for_good=500 <= code < 600)
    if isinstance(error, smtplib.SMTPResponseException):
        words = _said(error.smtp_code, error.smtp_error)
        if error.smtp_code in SIGN_IN_CODES:
            return ServerAway(words)
        return Refused(words, for_good=500 <= error.smtp_code < 600)
    words = f"{type(error).__name__}: {error}"
    return Refused(words, for_good=isinstance(error, smtplib.SMTPNotSupportedError | ValueError))


def _code(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return int(next(iter(error.recipients.values()))[0])
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def _said(code: int, text: bytes | str) -> str:
    return f"the mail server said {code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
