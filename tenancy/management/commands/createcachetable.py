from django.core.management.commands import createcachetable

from tenancy.management.base import OwnerCommand


class Command(OwnerCommand, createcachetable.Command):  # type: ignore[misc]
    pass
