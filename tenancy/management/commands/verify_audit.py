from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection

from tenancy.integrity import Checked, check, customers_with_chains
from tenancy.management.base import TenantCommand


class Command(TenantCommand):
    help = (
        "Recompute every chain of the audit trail: each event, its link to the one before, gaps, and the end. "
        "Names the first broken link of each chain and exits 1 if there is one."
    )
    default_context = "worker"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customer", default="", metavar="CODE", help="Only the chains of this organisation.")
        parser.add_argument("--chain", default="", help="Only this chain: ticket:42 or organisation:7.")

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        found = customers_with_chains(options["customer"])
        if options["customer"] and not found:
            raise CommandError(f"{options['customer']} has no audit trail. Is the code right?")
        checked: list[Checked] = []
        for number, (customer_id, code) in enumerate(found, start=1):
            self._show_progress(number, len(found), code)
            checked.append(check(customer_id, code, [options["chain"]] if options["chain"] else None))
        self._report(checked, options["chain"])

    def _show_progress(self, number: int, of: int, code: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{number} of {of}: {code}", ending="" if number < of else "\n")

    def _report(self, checked: list[Checked], chain: str) -> None:
        events, chains = sum(one.events for one in checked), sum(one.chains for one in checked)
        faults = [fault for one in checked for fault in one.faults]
        if chain and not chains and not faults:
            raise CommandError(f"There is no chain {chain}.")
        self.stdout.write(
            f"{events} events in {chains} chains of {sum(1 for one in checked if one.chains)} organisations."
        )
        for fault in faults:
            self.stdout.write(str(fault))
        if faults:
            raise CommandError(f"{len(faults)} chains are broken.")
        self.stdout.write("Every link holds.")
