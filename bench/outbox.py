"""Mails and webhooks a second, to servers that count and do nothing else.

    make bench ARGS=outbox

The floor of the mails is bare smtplib: the same messages over one connection, made and sent, with nothing noted. The
outbox claims each, sends it outside any transaction and notes it in one of its own, in one process as the floor; the
product runs two. Webhooks have no floor here; beside them stands how long the others wait for one that never answers.
"""

import smtplib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from bench.database import own_database, prepare

prepare()

from django.conf import settings
from django.db import connection

from bench import fill
from notifications.delivery import deliver
from notifications.models import Delivery, WebhookDelivery, WebhookEndpoint
from notifications.services import queue_mail
from notifications.webhooks import services
from notifications.webhooks.sending import send
from notifications.webhooks.spreading import test_row
from tenancy.actor import Actor
from tenancy.context import Context, work_unit
from tenancy.models import Organisation, Role

MAILS, HOOKS, ROUNDS = 300, 300, 3
WORKER = Context("worker")
TEXT = "It stopped between floors. We are looking at it and write again by noon.\n" * 20
HTML = f"<p>{TEXT}</p>"


@contextmanager
def counting() -> Iterator[tuple[int, int]]:
    server = subprocess.Popen([sys.executable, "-m", "bench.counting"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        mail, hook = server.stdout.readline().split()
        yield int(mail), int(hook)
    finally:
        server.terminate()
        server.wait()


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bare(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(MAILS):
            mail = EmailMessage()
            mail["From"], mail["To"] = "support@rozoom.example", f"p{number}@test.example"
            mail["Subject"], mail["Message-ID"] = f"[ACME-{number}] Lift 2", f"<bare.{number}@rozoom.example>"
            mail.set_content(TEXT)
            mail.add_alternative(HTML, subtype="html")
            server.send_message(mail)


def queued() -> None:
    with work_unit(WORKER):
        Delivery.objects.all().delete()
        for number in range(MAILS):
            queue_mail(to=f"p{number}@test.example", subject=f"[ACME-{number}] Lift 2", text=TEXT, html=HTML)


def outbox() -> None:
    sent = deliver(seconds=120)
    if sent != MAILS:
        raise SystemExit(f"{sent} of {MAILS} mails were sent")


def subscribed(url: str, number: int) -> list[WebhookEndpoint]:
    with work_unit(Context("staff")) as unit:
        operator = Organisation.objects.get(kind="OPERATOR")
        actor = Actor(
            kind="person", party="operator", name="Bench", role=Role.ADMINISTRATOR, organisation_id=operator.pk
        )
        make = {"actor": actor, "events": ["ticket.filed"], "now": unit.now}
        return [services.make_endpoint(url=url, **make)[0] for _ in range(number)]


def hooks_waiting(endpoints: list[WebhookEndpoint], number: int) -> None:
    with work_unit(WORKER) as unit:
        rows = [test_row(endpoints[n % len(endpoints)], unit.now) for n in range(number)]
        WebhookDelivery.objects.bulk_create(rows)


def hooks(number: int) -> None:
    sent = send(seconds=60)
    if sent != number:
        raise SystemExit(f"{sent} of {number} webhooks were sent")


def main() -> int:
    with own_database("outbox"), counting() as (mail_port, hook_port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_port
        settings.EMAIL_BACKEND = "notifications.lines.Backend"
        with connection.as_owner(), connection.cursor() as cursor:
            cursor.execute(fill.ORGANISATIONS, {"resellers": 1, "customers": 1})
        rounds = []
        for _ in range(ROUNDS):
            queued()
            rounds.append((seconds(outbox), seconds(lambda: bare(mail_port))))
        own, floor = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(
            f"  mails       {MAILS / own:6.0f} a second, {own / floor:.2f} of bare smtplib ({MAILS / floor:.0f} a second)"
        )
        endpoints = subscribed(f"http://127.0.0.1:{hook_port}/", 8)
        hooks_waiting(endpoints, HOOKS)
        print(f"  webhooks    {HOOKS / seconds(lambda: hooks(HOOKS)):6.0f} a second, to 8 endpoints")
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            silent = subscribed(f"http://127.0.0.1:{deaf.getsockname()[1]}/", 1)
            hooks_waiting([*endpoints, *silent], 9)
            began = time.perf_counter()
            send(seconds=1)
            with work_unit(WORKER):
                last = max(
                    row.tries[-1]["ms"] for row in WebhookDelivery.objects.filter(state="SENT").order_by("-sent_at")[:8]
                )
            waited = time.perf_counter() - began
        print(f"  one of 9 endpoints silent: the others had theirs within {last} ms, it was left after {waited:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
