from typing import Any

from django.core.management.commands import loaddata
from django.db import connections

from tenancy.management.base import OwnerCommand


class Command(OwnerCommand, loaddata.Command):
    def loaddata(self, fixture_labels: Any) -> None:
        # Inside the command's transaction: composite keys are INITIALLY IMMEDIATE and fixtures come in any order.
        with connections[self.using].cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        super().loaddata(fixture_labels)
