"""Who knocks: a token or a membership. Reads of the login role, before any tenant context is set."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Model

from tenancy.models import ApiToken, Membership, Organisation, Person

TOKEN_MARK = "rz_"  # noqa: S105  (a mark that secret scanners can find)
LAST_USE_GRAIN = timedelta(minutes=1)  # last_used_at is written at most this often


class TokenRefused(Exception):
    """The header names no token that works now. The words never say which part was wrong."""


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret(mark: str = TOKEN_MARK) -> str:
    return mark + secrets.token_urlsafe(32)


def token_from_header(header: str) -> ApiToken:
    """`Authorization: Bearer rz_…` (also `Token`). Raises TokenRefused. Writes nothing."""
    return _usable(_secret_in(header))[0]


def knock(header: str) -> ApiToken:
    """Find the token of a request and note that it was used, before the request's own transaction begins: were the row locked
    for as long as a request takes, the token's other calls would wait for it."""
    token, now = _usable(_secret_in(header))
    if token.last_used_at is None or now - token.last_used_at > LAST_USE_GRAIN:
        # Whoever holds the row is noting the same, or is withdrawing the token: not worth waiting for.
        free = ApiToken.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=token.pk)
        with transaction.atomic():
            ApiToken.objects.filter(pk__in=free.values("pk")).update(last_used_at=now)
    return token


def _secret_in(header: str) -> str:
    scheme, _, secret = header.partition(" ")
    if scheme.lower() not in {"bearer", "token"} or not secret.strip().startswith(TOKEN_MARK):
        raise TokenRefused("Send the header 'Authorization: Bearer <your token>'.")
    return secret.strip()


def _usable(secret: str) -> tuple[ApiToken, datetime]:
    """The token, and the database's clock, which judges whether it has expired."""
    found = _token_with(hash_secret(secret))
    if found is None or not found[0].is_usable(found[1]) or not found[0].organisation.is_active:
        raise TokenRefused("This token is unknown, expired or withdrawn. Make a new one under Tokens.")
    return found


def _columns(model: type[Model], alias: str) -> tuple[list[str], str]:
    fields = [field.attname for field in model._meta.concrete_fields]
    return fields, ", ".join(f'{alias}."{field}"' for field in fields)


# Written once instead of composed for each request of the API, where composing took longer than the look-up (a third of a list).
TOKEN_FIELDS, _of_token = _columns(ApiToken, "token")
OWNER_FIELDS, _of_owner = _columns(Organisation, "owner")
TOKEN_WITH_OWNER = (
    f"SELECT {_of_token}, {_of_owner}, clock_timestamp() FROM tenancy_apitoken token "  # noqa: S608 - names of our own columns
    "JOIN tenancy_organisation owner ON owner.id = token.organisation_id WHERE token.secret_hash = %s"
)


def _token_with(secret_hash: str) -> tuple[ApiToken, datetime] | None:
    with connection.cursor() as cursor:
        cursor.execute(TOKEN_WITH_OWNER, [secret_hash])
        row = cursor.fetchone()
    if row is None:
        return None
    token = ApiToken.from_db(connection.alias, TOKEN_FIELDS, row[: len(TOKEN_FIELDS)])
    token.organisation = Organisation.from_db(connection.alias, OWNER_FIELDS, row[len(TOKEN_FIELDS) : -1])
    return token, row[-1]


def memberships_of(person: Person) -> list[Membership]:
    found = Membership.objects.select_related("organisation").filter(
        person_id=person.pk, is_active=True, organisation__is_active=True
    )
    return sorted(found, key=lambda membership: (membership.organisation.name.lower(), membership.pk))


def active_membership(memberships: list[Membership], chosen: object) -> Membership | None:
    """The one chosen in this session, else the first: then the session has to remember it, and the person to hear of it."""
    for membership in memberships:
        if membership.pk == chosen:
            return membership
    return memberships[0] if memberships else None


def organisation_name(person: Person, membership: int | str) -> str:
    """Of one of the person's memberships, also of one that has ended. Empty when there is no such."""
    found = Membership.objects.filter(pk=membership, person_id=person.pk).values_list("organisation__name", flat=True)
    return found.first() or ""
