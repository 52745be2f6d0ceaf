"""The addresses people answer to: support+secret@…, one for each reader of each ticket and each kind of message."""

import base64
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.db import connection

from tickets.models import ReplyAddress, Ticket

SECRET = re.compile(r"[a-z2-7]{26}")
# One statement: two workers that make mails of the same ticket at once must get the same address.
TAKE = """
WITH known AS (
  SELECT secret FROM tickets_replyaddress WHERE customer_id = %(customer)s AND ticket_id = %(ticket)s
    AND organisation_id = %(organisation)s AND email = %(email)s AND kind = %(kind)s AND revoked_at IS NULL
), made AS (
  INSERT INTO tickets_replyaddress (customer_id, reseller_id, ticket_id, organisation_id, person_id, email, kind, secret)
  SELECT %(customer)s, %(reseller)s, %(ticket)s, %(organisation)s, %(person)s, %(email)s, %(kind)s, %(secret)s
  WHERE NOT EXISTS (SELECT FROM known)
  ON CONFLICT (customer_id, ticket_id, organisation_id, email, kind) WHERE revoked_at IS NULL
    DO UPDATE SET email = excluded.email
  RETURNING secret
)
SELECT secret FROM known UNION ALL SELECT secret FROM made LIMIT 1"""


def reply_address(ticket: Ticket, *, organisation_id: int, person_id: int | None, email: str, kind: str) -> str:
    """The address to put into Reply-To. As the worker, in the transaction that makes the mail."""
    values = {
        "customer": ticket.customer_id,
        "reseller": ticket.reseller_id,
        "ticket": ticket.pk,
        "organisation": organisation_id,
        "person": person_id or None,
        "email": email.lower()[:320],
        "kind": kind,
        "secret": new_secret(),
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        return with_secret(cursor.fetchone()[0])


def new_secret() -> str:
    """128 bits in letters and digits that survive a mail server which writes addresses in small letters."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def with_secret(secret: str) -> str:
    local, _, host = settings.SUPPORT_ADDRESS.rpartition("@")
    return f"{local}+{secret}@{host}"


def as_reply_to(address: str) -> str:
    """As it stands in the header, with the name our mails come from."""
    return formataddr((parseaddr(settings.MAIL_FROM)[0] or "roZoom Support", address))


def secrets_in(receivers: Iterable[str]) -> list[str]:
    """Those of addresses of ours, each once."""
    local, _, host = settings.SUPPORT_ADDRESS.rpartition("@")
    found = []
    for receiver in receivers:
        name, _, at = receiver.lower().rpartition("@")
        if at == host and name.startswith(f"{local}+"):
            found.append(name.removeprefix(f"{local}+"))
    return list(dict.fromkeys(found))


def is_ours(address: str) -> bool:
    return address == settings.SUPPORT_ADDRESS or bool(secrets_in([address]))


@dataclass(frozen=True)
class Named:
    """The reply addresses a mail was sent to, by what they are worth."""

    in_force: list[ReplyAddress] = field(default_factory=list)
    taken_back: list[ReplyAddress] = field(default_factory=list)
    unknown: bool = False


def addresses_for(receivers: Iterable[str]) -> Named:
    named = secrets_in(receivers)
    wanted = [secret for secret in named if SECRET.fullmatch(secret)]
    if not wanted:
        return Named(unknown=bool(named))
    found = list(ReplyAddress.objects.select_related("ticket").filter(secret__in=wanted).order_by("pk"))
    in_force = [one for one in found if one.revoked_at is None]
    return Named(in_force, [one for one in found if one.revoked_at is not None], len(found) < len(named))
