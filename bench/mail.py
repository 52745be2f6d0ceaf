"""Mails a second through the whole door, and what a mail of 25 MB takes of memory.

    make bench ARGS=mail

Two processes keep, read and decide mails of known people until all have their tickets. Aims: 20 mails a second on two
cores; a mail of 25 MB within 200 MB more than the processes have without it.
"""

import multiprocessing
import os
import sys
import time
from email.message import EmailMessage
from email.utils import make_msgid
from tempfile import TemporaryDirectory
from typing import Any

from bench.database import own_database, prepare

prepare()

import psutil
from django.conf import settings
from django.db import connection
from django.test import override_settings

from bench import fill
from tenancy.context import Context, work_unit
from tenancy.models import Membership, Organisation, Person, Role
from tickets.mail.reader import reader
from tickets.mail.storing import keep
from tickets.mail.working import claim, read_now, take_care_of
from tickets.models import IncomingMail

MAILS = 400
PROCESSES = 2
QUOTED = "\n".join(f"> line {number} of what was said before" for number in range(30))


def people(count: int) -> list[str]:
    """One for each customer, so that no limit is met."""
    addresses = []
    with work_unit():
        for organisation in Organisation.objects.filter(kind="CUSTOMER").order_by("pk")[:count]:
            address = f"p{organisation.pk}@bench.example"
            person = Person.objects.create_user(address, "x", name="Bench")
            Membership.objects.create(
                organisation=organisation, person=person, role=Role.MEMBER, person_name="Bench", person_email=address
            )
            addresses.append(address)
    return addresses


def letter(sender: str, number: int) -> bytes:
    """As Gmail writes it: both forms, a history, a small picture."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        f"Bench <{sender}>",
        settings.SUPPORT_ADDRESS,
        f"Lift {number} stands still",
    )
    mail["Message-ID"] = make_msgid(domain="bench.example")
    text = (
        f"Lift {number} stopped between floors. Serial 7F-{number}.\n\nOn Mon, 23 Nov 2026 somebody wrote:\n{QUOTED}\n"
    )
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", subtype="html")
    mail.add_attachment(os.urandom(20_000), maintype="application", subtype="octet-stream", filename="log.bin")
    return mail.as_bytes()


def take_turns(barrier: Any, database: str, used: Any) -> None:
    connection.settings_dict["NAME"] = database
    barrier.wait()
    while (mail := claim()) is not None:
        take_care_of(mail)
    reader.stop()
    spent = os.times()
    with used.get_lock():
        used.value += spent.user + spent.system + spent.children_user + spent.children_system
    connection.close()


def throughput(addresses: list[str]) -> None:
    began = time.perf_counter()
    for number in range(MAILS):
        keep(letter(addresses[number % len(addresses)], number), door="smtp", envelope_from="a@bench.example")
    kept = time.perf_counter() - began
    database = connection.settings_dict["NAME"]
    connection.close()
    barrier = multiprocessing.Barrier(PROCESSES + 1)
    used = multiprocessing.Value("d", 0.0)
    workers = [multiprocessing.Process(target=take_turns, args=(barrier, database, used)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    barrier.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    read = time.perf_counter() - began
    with work_unit(Context("worker")):
        filed = IncomingMail.objects.filter(outcome="ticket_created").count()
    print(f"  kept        {MAILS / kept:6.1f} mails a second, by one process, each on the disk")
    print(f"  read        {MAILS / read:6.1f} mails a second, by {PROCESSES} processes")
    print(f"              {used.value / MAILS * 1000:6.1f} ms of processor time for each, besides PostgreSQL's")
    print(f"  whole door  {MAILS / (kept + read):6.1f} mails a second, one after the other (aim: 20)")
    if filed != MAILS:
        raise SystemExit(f"only {filed} of {MAILS} became tickets")


def resident(pid: int, besides: int = 0) -> int:
    """Of that process and everything it started; what a fork shares with its parent is counted once."""
    total, whole = 0, psutil.Process(pid)
    for process in [whole, *whole.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss if process.pid != besides else 0
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def watch(stop: Any, most: Any, pid: int) -> None:
    while not stop.is_set():
        most.value = max(most.value, resident(pid, besides=os.getpid()))
        time.sleep(0.01)


def memory(address: str) -> None:
    """The whole way of one mail of 25 MB: its bytes in hand, kept, read, its file checked and stored."""
    read_now(keep(letter(address, 1_000_000), door="smtp"))  # everything that is loaded once is loaded
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = address, settings.SUPPORT_ADDRESS, "Large"
    mail.set_content("See the file.")
    room = settings.LIMITS["mail_bytes"] * 73 // 100  # base64 and its line ends take the rest
    mail.add_attachment(os.urandom(room), maintype="application", subtype="octet-stream", filename="dump.bin")
    with TemporaryDirectory() as folder:
        path = os.path.join(folder, "mail")
        with open(path, "wb") as file:
            file.write(mail.as_bytes())
        del mail
        stop, most = multiprocessing.Event(), multiprocessing.Value("q", 0)
        before = resident(os.getpid())
        watcher = multiprocessing.Process(target=watch, args=(stop, most, os.getpid()))
        watcher.start()
        began = time.perf_counter()
        with open(path, "rb") as file:
            done = read_now(keep(file.read(), door="smtp"))
        seconds = time.perf_counter() - began
        stop.set()
        watcher.join()
    size = done.size / 1024 / 1024
    print(
        f"  {size:.1f} MB     {(most.value - before) / 1024 / 1024:6.0f} MB more at the most, {seconds:.1f} s (aim: under 200 MB)"
    )
    if done.outcome != "ticket_created":
        raise SystemExit(f"the large mail became: {done.outcome} {done.reason}")


def main() -> int:
    with TemporaryDirectory() as folder, own_database("mail"):
        storages = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": {"location": folder}}}
        with override_settings(STORAGES=storages):
            with connection.as_owner():
                fill.organisations()
            addresses = people(100)
            throughput(addresses)
            memory(addresses[0])
            reader.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
