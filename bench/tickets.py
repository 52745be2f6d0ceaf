"""Create and list by API against their floor; queue page and search at 100,000 tickets against themselves at 1,000.

    make bench ARGS=tickets

Prints ratios within this run: machines differ, the ratio of two things measured side by side does not. Aims: create at
least 0.35 of the floor's throughput, list at least 0.30, the queue page within 1.3, search of a rare word within 1.5.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.database import own_database, prepare

prepare()

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import fill
from tenancy.context import Context, work_unit
from tenancy.identity import hash_secret, new_secret
from tenancy.models import ApiToken, Membership, Organisation, Person, Role
from tenancy.sessions import SessionStore

BODY = {
    "subject": "Lift 2 stands still",
    "description": "It stopped between floors.",
    "impact": {"service": "severe", "workaround": "no", "business": "degraded", "mission_critical": "no"},
}
SIZES = (1_000, 100_000)


class Caller:
    """Calls a WSGI application in this process and reads the whole answer: no network, no second process to disturb."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.factory = RequestFactory()

    def __call__(self, method: str, path: str, *, expect: int, body: Any = None, **headers: str) -> bytes:
        data = json.dumps(body) if body is not None else ""
        request = self.factory.generic(method, path, data, content_type="application/json", headers=headers)
        status: list[str] = []
        answer = self.application(request.environ, lambda line, _headers, _error=None: status.append(line))
        content = b"".join(answer)
        answer.close()
        if not status[0].startswith(str(expect)):
            raise SystemExit(f"{method} {path}: {status[0]}\n{content[:600].decode(errors='replace')}")
        return content


def median(work: Callable[[], Any], times: int) -> float:
    """Median seconds of `times` calls after a short warm-up."""
    for _ in range(max(3, times // 10)):
        work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def interleaved(one: Callable[[], Any], other: Callable[[], Any], times: int, rounds: int = 5) -> tuple[float, float]:
    """Medians of two things measured in turns, so that a slow minute of the machine hits both."""
    pairs = [(median(one, times // rounds), median(other, times // rounds)) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def bearer(organisation: Organisation) -> dict[str, str]:
    secret = new_secret()
    with work_unit(Context("staff")):
        ApiToken.objects.create(
            organisation=organisation,
            name="bench",
            prefix=secret[:8],
            secret_hash=hash_secret(secret),
            scopes=["tickets:read", "tickets:write", "components:read"],
            created_by_name="bench",
            expires_at=timezone.now() + timedelta(days=1),
            last_used_at=timezone.now(),
        )
    return {"authorization": f"Bearer {secret}"}


def signed_in() -> dict[str, str]:
    with work_unit():
        agent = Person.objects.create_user("agent@bench.example", "x", name="Agent")
        Membership.objects.create(
            organisation=Organisation.objects.get(code="ROZOOM"),
            person=agent,
            role=Role.AGENT,
            person_name="Agent",
            person_email=agent.email,
        )
        session = SessionStore()
        session.update(
            {
                "_auth_user_id": str(agent.pk),
                "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
                "_auth_user_hash": agent.get_session_auth_hash(),
            }
        )
        session.save()
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}


def queries(work: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        work()
    return len(seen)


def main() -> int:
    with own_database("tickets"):
        with connection.as_owner():
            fill.organisations()
        product = Caller(WSGIHandler())
        with override_settings(MIDDLEWARE=[]):
            floor = Caller(WSGIHandler())
        with work_unit():
            customer = Organisation.objects.get(code="C8")
        token, session = bearer(customer), signed_in()
        filled, pages, searches = fill.Filled(), {}, {}

        def page() -> bytes:
            return product("GET", "/desk/", expect=200, **session)

        def search() -> bytes:
            return product("GET", "/desk/?q=zyzzogeton", expect=200, **session)

        for size in SIZES:
            with connection.as_owner():
                fill.tickets_up_to(filled, size)
                fill.settle()
            print(f"\n{size:,} tickets")
            own, bare = interleaved(
                lambda: product("POST", "/api/v1/tickets/", expect=201, body=BODY, **token),
                lambda: floor("POST", "/floor/create", expect=201, body=BODY, **token),
                200,
            )
            print(
                f"  create by API   {bare / own:5.2f} of the floor's throughput   ({own * 1e3:.1f} ms, floor {bare * 1e3:.1f} ms)"
            )
            own, bare = interleaved(
                lambda: product("GET", "/api/v1/tickets/", expect=200, **token),
                lambda: floor("GET", "/floor/tickets", expect=200, **token),
                200,
            )
            print(
                f"  list by API     {bare / own:5.2f} of the floor's throughput   ({own * 1e3:.1f} ms, floor {bare * 1e3:.1f} ms)"
            )
            pages[size], searches[size] = median(page, 60), median(search, 60)
            print(
                f"  queue page      {pages[size] * 1e3:6.1f} ms, {queries(page)} statements, {len(page()) / 1024:.0f} KB"
            )
            print(f"  search          {searches[size] * 1e3:6.1f} ms, {queries(search)} statements")
        small, large = SIZES
        print(f"\nqueue page at {large:,} against {small:,}: {pages[large] / pages[small]:.2f} (aim: at most 1.3)")
        print(f"search at {large:,} against {small:,}: {searches[large] / searches[small]:.2f} (aim: at most 1.5)")
        print("create by API aims at 0.35 of the floor or more, list by API at 0.30 or more")
    return 0


if __name__ == "__main__":
    with override_settings(
        ROOT_URLCONF="bench.floor",
        LIMITS={
            **settings.LIMITS,
            **dict.fromkeys(("requests_per_minute", "writes_per_minute", "searches_per_minute"), 10**9),
        },
    ):
        sys.exit(main())
