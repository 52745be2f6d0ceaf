"""100,000 components from CSV: reading and writing, beside plain bulk inserts of the same rows in the same run.

make bench ARGS=imports
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from uuid import UUID

from bench.database import own_database, prepare

prepare()

from django.core.files.base import File
from django.db import connection

from bench import fill
from contracts.imports import deeds, running
from contracts.imports.kinds import COMPONENTS
from contracts.imports.reading import check_bytes, read
from contracts.models import Component, ImportRun, Product, Site, WarrantyCoverage, normal_serial
from rozoom_support.lib.ids import new_id
from tenancy.actor import Actor
from tenancy.context import Context, database_now, work_unit
from tenancy.models import Organisation

ROWS = 100_000
CUSTOMERS = 100
SITES = 5
STAFF = Context("staff")
ACTOR = Actor.system("Bench")
FIELDS = "id, customer_id, reseller_id, product_id, site_id, serial, serial_normal, location, implemented_on, state"


def make_file(path: Path, rows: int = ROWS, until: str = "") -> None:
    """With `until` each component gets a warranty too, which the plain inserts beside it do not write."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COMPONENTS.names])
        for n in range(rows):
            customer = 1 + n % CUSTOMERS
            writer.writerow(
                [
                    f"C{customer}",
                    f"Site {n % SITES}",
                    "DC-7",
                    f"7F-{n:07}",
                    f"Rack {n % 40}",
                    "2026-01-15",
                    until,
                    "",
                ]
            )


def furnish() -> None:
    with connection.as_owner():
        fill.organisations()
    with work_unit(STAFF):
        Product.objects.create(sku="DC-7", name="Drive controller", kind="HARDWARE")
        for customer in Organisation.objects.filter(code__in=[f"C{n}" for n in range(1, CUSTOMERS + 1)]):
            for n in range(SITES):
                Site.objects.create(customer=customer, name=f"Site {n}", time_zone="Europe/Berlin")
    with connection.as_owner():
        fill.settle()


def taken(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# The same rows, without a question asked


def plain_rows() -> list[tuple]:
    customers = {one.code: one for one in Organisation.objects.filter(kind="CUSTOMER")}
    sites = {(one.customer_id, one.name): one.pk for one in Site.objects.all()}
    product = Product.objects.get().pk
    rows = []
    for n in range(ROWS):
        customer = customers[f"C{1 + n % CUSTOMERS}"]
        serial = f"7F-{n:07}"
        site = sites[customer.pk, f"Site {n % SITES}"]
        rows.append(
            (
                new_id(),
                customer.pk,
                customer.reseller_id,
                product,
                site,
                serial,
                normal_serial(serial),
                f"Rack {n % 40}",
            )
        )
    return rows


def plain_copy(rows: list[tuple]) -> None:
    """COPY does not work under row security, so as the owner: no policy is looked at, all keys and constraints are."""
    text = StringIO("".join("\t".join(map(str, row)) + "\t2026-01-15\tIN_USE\n" for row in rows))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contracts_component NO FORCE ROW LEVEL SECURITY")
        cursor.copy_expert(f"COPY contracts_component ({FIELDS}) FROM STDIN", text)
        cursor.execute("ALTER TABLE contracts_component FORCE ROW LEVEL SECURITY")


def plain_bulk_create(rows: list[tuple]) -> None:
    Component.objects.bulk_create(
        [
            Component(
                pk=row[0],
                customer_id=row[1],
                reseller_id=row[2],
                product_id=row[3],
                site_id=row[4],
                serial=row[5],
                serial_normal=row[6],
                location=row[7],
                implemented_on="2026-01-15",
            )
            for row in rows
        ],
        batch_size=1000,
    )


def empty() -> None:
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE contracts_warrantycoverage, contracts_component CASCADE")
        cursor.execute("VACUUM ANALYZE")


# The import


def bring(path: Path) -> ImportRun:
    with work_unit(STAFF), path.open("rb") as file:
        return deeds.start_import(actor=ACTOR, kind=COMPONENTS, upload=File(file, path.name), now=database_now())


def step(run_id: UUID) -> ImportRun:
    running.work()
    with work_unit(STAFF):
        return ImportRun.objects.get(pk=run_id)


def say(run: ImportRun) -> None:
    with work_unit(STAFF):
        deeds.write_import(actor=ACTOR, run=run, mode="ALL", now=database_now())


def measure(path: Path) -> None:
    def parse() -> None:
        with path.open("rb") as file:
            check_bytes(file)
            for _ in read(file, COMPONENTS):
                pass

    parsing = taken(parse)
    empty()
    with work_unit(STAFF):
        rows = plain_rows()
    with connection.as_owner():
        copying = taken(lambda: plain_copy(rows))
    empty()

    def create() -> None:
        with work_unit(STAFF):
            plain_bulk_create(rows)

    creating = taken(create)
    empty()
    run = bring(path)
    reading = taken(lambda: step(run.pk))
    with work_unit(STAFF):
        run.refresh_from_db()
    if (run.new, run.bad) != (ROWS, 0):
        raise SystemExit(f"not what was meant: {run.state} {run.new} {run.bad} {run.message}")
    say(run)
    writing = taken(lambda: step(run.pk))
    with work_unit(STAFF):
        made = Component.objects.count(), WarrantyCoverage.objects.count()
    if made != (ROWS, 0):
        raise SystemExit(f"not what was meant: {made}")
    again = bring(path)
    repeating = taken(lambda: step(again.pk))
    empty()
    make_file(path, until="2028-01-14")
    covered = step(bring(path).pk)
    say(covered)
    covering = taken(lambda: step(covered.pk))
    with work_unit(STAFF):
        if WarrantyCoverage.objects.count() != ROWS:
            raise SystemExit("not what was meant: warranties are missing")
    rates = {
        "cells checked, no database": parsing,
        "read and judged, nothing there": reading,
        "read, judged and written": writing,
        "read and judged, all there already": repeating,
        "the same with a warranty each": covering,
        "plain bulk_create of the same rows": creating,
        "plain COPY of the same rows": copying,
    }
    for name, seconds in rates.items():
        print(f"{name:44} {seconds:6.2f} s {ROWS / seconds:10,.0f} rows per second")
    print(f"written against plain bulk_create: {writing / creating:.2f} of its time")
    print(f"written against plain COPY:        {writing / copying:.2f} of its time")


def child(path: str, rows: int) -> None:
    """What reading and judging adds to the memory of a process that is up."""
    with own_database("imports_memory"):
        furnish()
        make_file(Path(path), 1000)
        step(bring(Path(path)).pk)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        make_file(Path(path), rows)
        run = step(bring(Path(path)).pk)
        say(run)
        step(run.pk)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = Path(path).stat().st_size
        print(f"memory: {peak / 1024:.0f} MB at the peak, {(peak - before) / 1024:.0f} MB more than for a small file "
              f"({rows:,} rows, {size / 1024 / 1024:.1f} MB, read and written)")  # fmt: skip


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FILES_DIR"] = folder
        path = Path(folder) / "components.csv"
        if sys.argv[1:2] == ["memory"]:
            child(str(path), ROWS)
            return 0
        from django.conf import settings

        settings.STORAGES["default"]["OPTIONS"]["location"] = folder
        make_file(path)
        with own_database("imports"):
            furnish()
            measure(path)
    return subprocess.run([sys.executable, "-m", "bench.imports", "memory"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
