"""manage.py sample_data --output FILE: the world of `make demo`. Safe to repeat; the password and the tokens stay the same."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rozoom_support.sample import cast, secrets
from rozoom_support.sample.deals import make_deals
from rozoom_support.sample.duty import make_rotas
from rozoom_support.sample.pool import make_pool
from rozoom_support.sample.returns import tell_returns
from rozoom_support.sample.telling import tell_all
from rozoom_support.sample.world import make_tokens, make_world
from tenancy.context import work_unit
from tickets.history.importing import STAFF


class Command(BaseCommand):
    help = "Make a small world to try things in. Only with DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--output", type=Path, required=True, metavar="FILE", help="JSON: who can sign in, and tokens"
        )

    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "Sample people with passwords belong in a demo only. Set DEMO=1 to say that this is one."
            )
        kept = secrets.Kept.read(options["output"])
        world = make_world(kept)
        with work_unit(STAFF) as unit:
            assert unit.now is not None
            make_deals(world, unit.now)
            make_rotas(world, unit.now)
            make_pool(world, unit.now)
        tickets = tell_all(world)
        tell_returns(world)
        people = [
            {
                "email": one.email,
                "password": kept.password,
                "role": str(one.role),
                "organisation": world.organisations[one.organisation].code,
            }
            for one in cast.PEOPLE
        ]
        secrets.write(options["output"], people, make_tokens(world, kept))
        made = f"{tickets} tickets were made." if tickets else "The tickets were here already."
        self.stdout.write(f"{len(cast.ORGANISATIONS)} organisations, {len(people)} sign-ins. {made}")
