"""Bases of management commands: under a tenant's eyes, or as the owner for Django's own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from tenancy.context import Context, ContextError, work_unit


def parse_context(text: str) -> Context:
    """staff, worker, customer:7, reseller:3"""
    audience, _, org = text.partition(":")
    try:
        return Context(audience, int(org) if org else None)
    except (ContextError, ValueError) as error:
        raise CommandError(f"--as: {error}") from error


class TenantCommand(BaseCommand):
    """handle() runs in one unit of work under the context named by --as (staff, worker, customer:7, reseller:3)."""

    default_context: str | None = None

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--as", dest="as_", required=self.default_context is None, default=self.default_context)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        with work_unit(parse_context(options.pop("as_"))):
            return super().execute(*args, **options)


class OwnerCommand:
    """Mixin for Django's own commands that need the owner: migrate, flush, loaddata."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        connection: Any = connections[options["database"]]
        with connection.as_owner():
            return super().handle(*args, **options)  # type: ignore[misc]
