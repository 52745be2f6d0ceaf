from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tenancy.context import database_now
from tenancy.management.base import TenantCommand
from tenancy.models import Role
from tenancy.services import found_operator, invite
from tenancy.services.invitations import invitation_url


class Command(TenantCommand):
    help = (
        "For a fresh installation: make roZoom's own organisation if it is missing, and print a link, used once, "
        "with which its administrator sets a password. No mail is sent."
    )
    default_context = "staff"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name", nargs="?", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        operator = found_operator()
        try:
            invitation, secret = invite(
                actor=Actor.system("create_operator"),
                organisation=operator,
                email=options["email"],
                name=options["name"],
                role=Role.ADMINISTRATOR,
                now=database_now(),
                by_mail=False,
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        days = settings.LIMITS["invitation_days"]
        self.stdout.write(f"{invitation.email} becomes administrator of {operator.name} with this link.")
        self.stdout.write(f"It works once, for {days} days. Whoever has it gets in:")
        self.stdout.write(invitation_url(secret))
