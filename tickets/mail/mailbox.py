"""The IMAP door: every unread mail of a folder is kept, then marked as read. For whoever can not be given our own port."""

import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from imaplib import IMAP4
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from imap_tools import AND, MailBox, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError

from tickets.mail.storing import HEAD_BYTES, keep

log = logging.getLogger(__name__)

SECONDS = 20  # for one answer of the server, and for one round
PLACE = 0x696D6170  # our place among PostgreSQL's advisory locks


class MailboxAway(Exception):
    """It can not be reached, does not let us in, or speaks nonsense. Nothing is lost: the mail is still there."""


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    user: str
    password: str
    folder: str
    encrypted: bool

    @classmethod
    def of(cls, url: str) -> "Address":
        """imaps://user:password@host:993/INBOX; imap:// without TLS, for this machine alone."""
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme not in ("imaps", "imap") or not parts.hostname or (parts.scheme == "imap" and not local):
            raise ImproperlyConfigured("IMAP_URL must look like imaps://user:password@host/INBOX.")
        if parse_qs(parts.query):
            raise ImproperlyConfigured("IMAP_URL has no options after the folder.")
        return cls(
            host=parts.hostname,
            port=parts.port or (993 if parts.scheme == "imaps" else 143),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            encrypted=parts.scheme == "imaps",
        )


def poll() -> int:
    """Keep what is unread. Returns how many. Two at once would keep the same mail twice, so the second one leaves."""
    if not settings.IMAP_URL:
        return 0
    with _only_one() as is_free:
        return _poll(Address.of(settings.IMAP_URL)) if is_free else 0


def _poll(address: Address) -> int:
    try:
        with _signed_in(address) as box:
            count, until = 0, time.monotonic() + SECONDS
            for uid in box.uids(AND(seen=False)):
                if time.monotonic() >= until:
                    break
                _keep(box, uid)
                # Marked only now: killed in between, the mail comes again and is recognised as the same.
                box.flag(uid, MailMessageFlags.SEEN, True)
                count += 1
            return count
    except (OSError, IMAP4.error, ImapToolsError) as problem:
        raise MailboxAway(f"{type(problem).__name__}: {problem}"[:300]) from problem


def _signed_in(address: Address) -> Any:
    if address.encrypted:
        box: Any = MailBox(address.host, address.port, timeout=SECONDS, ssl_context=ssl.create_default_context())
    else:
        box = MailBoxUnencrypted(address.host, address.port, timeout=SECONDS)
    return box.login(address.user, address.password, initial_folder=address.folder)


def _keep(box: Any, uid: str) -> None:
    """The bytes as they are: the library's own reading of them is not bounded, ours is (reading/child.py)."""
    size = _size(box, uid)
    part = "BODY.PEEK[]" if size <= settings.LIMITS["mail_bytes"] else f"BODY.PEEK[]<0.{HEAD_BYTES}>"
    raw = next((bytes(row[1]) for row in _fetched(box, uid, part) if isinstance(row, tuple)), b"")
    if raw:
        keep(raw, door="imap", size=max(size, len(raw)))


def _size(box: Any, uid: str) -> int:
    for row in _fetched(box, uid, "RFC822.SIZE"):
        text = bytes(row[0] if isinstance(row, tuple) else row or b"").decode("ascii", "replace")
        _, found, rest = text.partition("RFC822.SIZE")
        digits = rest.strip(" )").split(" ")[0].rstrip(")")
        if found and digits.isdecimal():
            return int(digits)
    return 0


def _fetched(box: Any, uid: str, what: str) -> list[Any]:
    status, rows = box.client.uid("fetch", uid, f"({what})")
    if status != "OK":
        raise IMAP4.error(f"fetch said {status}")
    return list(rows)


@contextmanager
def _only_one() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [PLACE])
        is_free = bool(cursor.fetchone()[0])
    try:
        yield is_free
    finally:
        if is_free and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [PLACE])
