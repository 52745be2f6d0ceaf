"""Small things tests of accounts and people share."""

import hmac
import re
import struct
import time
from base64 import b32decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import Client

from notifications.models import Delivery
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent
from tests.world import PASSWORD, World

STAFF, WORKER = Context("staff"), Context("worker")
LINK = re.compile(r"https?://\S+")


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def mails(to: str = "") -> list[Delivery]:
    """What waits in the outbox, oldest first, with its text."""
    with work_unit(WORKER):
        found = Delivery.objects.defer(None).order_by("pk")
        return list(found.filter(recipient=to) if to else found)


def link_in(mail: Delivery) -> str:
    found = LINK.search(mail.text)
    assert found, mail.text
    return found[0].removeprefix(settings.BASE_URL)


def totp(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238, by hand). Never one that ends before the form has arrived."""
    left = 30 - time.time() % 30
    if left < 3:
        time.sleep(left)
    digest = hmac.digest(b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06d}"


def audit_of(world: World, organisation: str) -> list[AuditEvent]:
    with work_unit(STAFF):
        chain = f"organisation:{getattr(world, organisation).pk}"
        return list(AuditEvent.objects.filter(chain=chain).order_by("seq"))


def verbs(world: World, organisation: str) -> list[str]:
    return [event.verb for event in audit_of(world, organisation)]


def at_once(deed: Callable[[], Any], *, times: int) -> list[Any]:
    """The same deed from several threads at the same moment, each with a connection of its own."""
    start = Barrier(times)

    def run() -> Any:
        start.wait(10)
        try:
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [future.result(30) for future in [pool.submit(run) for _ in range(times)]]
