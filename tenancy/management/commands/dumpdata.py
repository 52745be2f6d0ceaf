from django.core.management.commands import dumpdata

from tenancy.management.base import OwnerCommand


class Command(OwnerCommand, dumpdata.Command):
    pass
