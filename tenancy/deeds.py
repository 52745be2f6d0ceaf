"""The same request twice is one deed: pages send a form token, programs an Idempotency-Key."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tenancy.models import DoneDeed

# The unique key makes the second of two simultaneous requests wait here until the first has committed or failed.
CLAIM = """
INSERT INTO tenancy_donedeed (organisation_id, door, key, fingerprint, headers, created_at)
VALUES (%s, %s, %s, %s, '{}', clock_timestamp()) ON CONFLICT (organisation_id, door, key) DO NOTHING RETURNING id"""


class KeyReused(Refused):
    code = "idempotency_key_reused"
    status = 422


class Deed:
    """A claim on a key. `repeated` is the finished deed when this request was carried out before."""

    def __init__(self, pk: int | None, repeated: DoneDeed | None) -> None:
        self.pk = pk
        self.repeated = repeated

    def finish(self, *, status: int, reply: Any, headers: dict[str, str] | None = None) -> None:
        """Keep the answer, in the transaction that did the deed."""
        if self.pk is not None:
            DoneDeed.objects.filter(pk=self.pk).update(status=status, reply=reply, headers=headers or {})


def fingerprint(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


@contextmanager
def once(actor: Actor, key: str, print_of_request: str) -> Iterator[Deed]:
    """Claim `key` for this actor around a deed. Whatever raises inside gives the key back, so a corrected request may use it.

    Raises KeyReused when the key was used for a different request. An empty key claims nothing.
    """
    if not key:
        yield Deed(None, None)
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [actor.organisation_id, actor.door, key, print_of_request])
            row = cursor.fetchone()
        if row is not None:
            yield Deed(row[0], None)
            return
        done = DoneDeed.objects.get(organisation_id=actor.organisation_id, door=actor.door, key=key)
        if done.fingerprint != print_of_request:
            raise KeyReused("This key was used for a different request. Send a new key.", param="Idempotency-Key")
        yield Deed(None, done)
