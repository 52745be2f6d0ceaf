from django.core.management.commands import migrate

from tenancy.management.base import OwnerCommand


class Command(OwnerCommand, migrate.Command):
    pass
