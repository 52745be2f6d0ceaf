from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tenancy.catalogue import offences
from tenancy.checks import wall_offences


class Command(BaseCommand):
    help = "Read the database's catalogue and say where the wall between tenants has a hole. Exit 1 if it has one."

    def handle(self, *args: Any, **options: Any) -> None:
        found = [error.msg for error in wall_offences("default")]
        with connection.cursor() as cursor:
            found += [": ".join(row) for row in offences(cursor, list(settings.TENANT_SHARED_TABLES))]
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(f"The wall has {len(found)} holes.")
        self.stdout.write("The wall stands: every table, policy, key and grant is as it must be.")
