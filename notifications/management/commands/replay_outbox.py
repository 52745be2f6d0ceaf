from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import services
from notifications.models import Delivery, Event
from tenancy.context import Context, work_unit


class Command(BaseCommand):
    help = "List the mails and events that were given up, or let them, or what waits after a failure, be tried again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dead", action="store_true", help="try everything again that was given up")
        parser.add_argument("--waiting", action="store_true", help="try now what waits for its next attempt")
        parser.add_argument("--id", type=int, help="send this one mail again, whatever became of it")
        parser.add_argument("--event", type=int, help="expand this one event again, if it was given up")

    def handle(self, *args: Any, dead: bool, waiting: bool, id: int | None, event: int | None, **options: Any) -> None:
        with work_unit(Context("worker")):
            if waiting:
                events, mails = services.try_now()
                self.stdout.write(f"{events} events and {mails} mails are tried now.")
                if not dead and id is None and event is None:
                    return
            if not dead and id is None and event is None:
                self._list()
                return
            events, mails = services.replay(dead=dead, delivery_id=id, event_id=event)
        if not events and not mails and not dead:
            raise CommandError("There is no such row, or it waits already.")
        self.stdout.write(f"{events} events and {mails} mails wait again.")

    def _list(self) -> None:
        for event in Event.objects.filter(state=Event.State.DEAD).order_by("id"):
            self.stdout.write(f"event {event.pk} {event.topic} {event.created_at:%Y-%m-%d %H:%M} {event.error}")
        for mail in Delivery.objects.filter(state=Delivery.State.DEAD).order_by("id"):
            self.stdout.write(f"mail  {mail.pk} {mail.recipient} {mail.created_at:%Y-%m-%d %H:%M} {mail.last_error}")
        self.stdout.write("Replay with --dead, --id MAIL or --event EVENT.")
