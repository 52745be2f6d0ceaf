from django.core.management.commands import flush

from tenancy.management.base import OwnerCommand


class Command(OwnerCommand, flush.Command):  # type: ignore[misc]
    pass
