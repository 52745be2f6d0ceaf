"""What people do while things break: promises begin, severities change, staff answers. Each deed is tried until it is done."""

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, connections

from bench.faults.schedule import Life
from bench.faults.town import TARGETS
from sla import services as sla
from sla.models import ClockSegment
from tenancy.actor import Actor
from tenancy.context import Context, TransactionAborted, database_now, work_unit
from tickets.models import MessageKind, Ticket
from tickets.services import add_message

PEOPLE = 4  # who do things at the same time
WORKER, STAFF = Context("worker"), Context("staff")


@dataclass(frozen=True)
class Answered:
    """Somebody began to answer, and knew that it was recorded."""

    ticket_id: int
    began_at: datetime
    known_at: datetime


@dataclass
class Diary:
    """What the product said was done: it must still be so when all is over."""

    started: dict[int, datetime] = field(default_factory=dict)
    began: dict[int, datetime] = field(default_factory=dict)
    answered: list[Answered] = field(default_factory=list)
    tried_again: int = 0
    failures: list[BaseException] = field(default_factory=list)


class People:
    """`answer` is what staff do with a ticket."""

    def __init__(self, answer: Callable[[Ticket], object], tickets: list[Ticket], lives: list[Life]) -> None:
        self.answer = answer
        self.diary = Diary()
        self._lock = threading.Condition()
        self._began = time.monotonic()
        self._number = 0
        self._plan: list[tuple[float, int, Callable[[], None]]] = []
        self._busy = 0
        for ticket, life in zip(tickets, lives, strict=True):
            self._add(life.starts_at, lambda ticket=ticket, life=life: self._start(ticket, life))
        self.threads = [threading.Thread(target=self._work) for _ in range(PEOPLE)]

    def begin(self) -> None:
        self._began = time.monotonic()
        for thread in self.threads:
            thread.start()

    def wait(self) -> None:
        """Until nobody has anything left to do."""
        for thread in self.threads:
            thread.join()
        if self.diary.failures:
            raise self.diary.failures[0]

    def _add(self, at: float, deed: Callable[[], None]) -> None:
        with self._lock:
            self._number += 1
            heapq.heappush(self._plan, (at, self._number, deed))
            self._lock.notify()

    def _work(self) -> None:
        try:
            while (deed := self._next()) is not None:
                try:
                    self._until_done(deed)
                finally:
                    with self._lock:
                        self._busy -= 1
                        self._lock.notify_all()
        except BaseException as failure:
            self.diary.failures.append(failure)
        finally:
            connections.close_all()

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            while self._plan or self._busy:
                left = self._plan[0][0] - (time.monotonic() - self._began) if self._plan else 1.0
                if self._plan and left <= 0:
                    self._busy += 1
                    return heapq.heappop(self._plan)[2]
                self._lock.wait(left)
            return None

    def _until_done(self, deed: Callable[[], None]) -> None:
        """A database that went away meanwhile may have done it or not: it is asked again."""
        while True:
            try:
                deed()
                return
            except (OperationalError, InterfaceError, TransactionAborted):
                connection.close()
                self.diary.tried_again += 1
                time.sleep(0.1)

    def _start(self, ticket: Ticket, life: Life) -> None:
        try:
            with work_unit(WORKER):
                segment = sla.start(
                    customer_id=ticket.customer_id,
                    reseller_id=ticket.reseller_id,
                    ticket_id=ticket.pk,
                    severity=life.severity,
                    kind="FIRST",
                    started_at=database_now(),
                )
        except sla.CannotStart:  # done by the try before, whose word got lost
            with work_unit(WORKER):
                segment = ClockSegment.objects.filter(ticket_id=ticket.pk).earliest("id")
        self.diary.started[ticket.pk] = segment.started_at
        target = timedelta(seconds=TARGETS[life.severity])
        if life.becomes is not None:
            self._at(segment.started_at + target * life.changes_after, lambda: self._change(ticket, life))
        if life.answered_after is not None:
            at = segment.started_at + target * life.answered_after + timedelta(seconds=life.nudge)
            self._at(at, lambda: self._answer(ticket, life.more))

    def _at(self, instant: datetime, deed: Callable[[], None]) -> None:
        self._add(time.monotonic() - self._began + instant.timestamp() - time.time(), deed)

    def _change(self, ticket: Ticket, life: Life) -> None:
        with work_unit(STAFF) as unit:
            sla.supersede(
                customer_id=ticket.customer_id,
                ticket_id=ticket.pk,
                severity=life.becomes or 0,
                reason="agreed",
                now=unit.now,
            )

    def _answer(self, ticket: Ticket, more: tuple[float, ...]) -> None:
        began_at = self.diary.began.setdefault(ticket.pk, datetime.now(UTC))  # of the first try
        self.answer(ticket)
        self.diary.answered.append(Answered(ticket.pk, began_at, datetime.now(UTC)))
        self._go_on(ticket, more)

    def _go_on(self, ticket: Ticket, more: tuple[float, ...]) -> None:
        if more:
            pause, *others = more
            self._add(time.monotonic() - self._began + pause, lambda: self._answer_again(ticket, tuple(others)))

    def _answer_again(self, ticket: Ticket, more: tuple[float, ...]) -> None:
        self.answer(ticket)
        self._go_on(ticket, more)


def reply_of(agent: Actor) -> Callable[[Ticket], object]:
    """A public reply, as page and API write it."""

    def reply(ticket: Ticket) -> None:
        with work_unit(agent.context) as unit:
            add_message(actor=agent, ticket=ticket, kind=MessageKind.PUBLIC, body="We look at it.", now=unit.now)

    return reply


def stop_alone(ticket: Ticket) -> None:
    """What every reply does to the promise, without the reply: many more a second."""
    with work_unit(STAFF):
        sla.stop_for_answer(customer_id=ticket.customer_id, ticket_id=ticket.pk)
