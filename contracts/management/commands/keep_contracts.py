from typing import Any

from django.core.management.base import BaseCommand

from contracts.keeping import keep


class Command(BaseCommand):
    help = "Writes down what dates have changed in agreements and warranties, and has reminders sent. Safe at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        kept = keep(seconds=3600)
        self.stdout.write(f"{kept.moved} states written, {kept.told} reminders left for the mail.")
