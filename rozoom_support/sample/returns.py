"""Returns of the demo, one at each step of the board, told through the services as they happened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rma import services
from rma.models import Rma, Shipment
from rma.services import Report, Wish
from rozoom_support.sample.story import CRIPPLED, Give, Say, Story, ago
from rozoom_support.sample.telling import tell_now
from rozoom_support.sample.world import World
from tenancy.context import work_unit
from tickets.history.importing import WORKER
from tickets.models import Ticket

COORDINATOR = "lucia"
SOON = timedelta(hours=2)  # from the report to the request
THEN = timedelta(hours=1)  # from one deed to the next


@dataclass(frozen=True)
class Told:
    """`then` is done one after the other, an hour apart."""

    story: Story
    then: tuple[Callable[["Telling"], Any], ...] = ()
    accepts_terms: bool = True


@dataclass
class Telling:
    world: World
    rma: Rma
    at: datetime

    def do(self, deed: Callable[..., Any], *, by: str = COORDINATOR, **details: Any) -> Any:
        done = deed(actor=self.world.actor(by), now=self.at, **details)
        self.rma = Rma.objects.get(pk=self.rma.pk)
        return done

    def box(self, kind: str) -> Shipment:
        return Shipment.objects.filter(rma=self.rma, kind=kind).latest("label_at", "id")


def approve(telling: Telling) -> None:
    telling.do(services.approve, rma=telling.rma, failure_is_confirmed=True)


def allocate(telling: Telling) -> None:
    telling.do(services.allocate, rma=telling.rma)


def ship(telling: Telling) -> None:
    assert telling.rma.unit is not None
    number = f"1Z4A{telling.rma.unit.serial_normal:0>14}"
    telling.do(
        services.ship,
        rma=telling.rma,
        scanned_serial=telling.rma.unit.serial,
        carrier="UPS",
        tracking_number=number,
        return_tracking_number=f"{number}R",
    )


def carrier_says(kind: str, code: str, later: timedelta = timedelta(days=1)) -> Callable[[Telling], None]:
    def says(telling: Telling) -> None:
        telling.at += later
        box = telling.box(kind)
        signed = "Signed at the reception" if code == "DELIVERED" else ""
        report = Report(box.carrier, box.tracking_number, code, telling.at, text=signed)
        telling.do(services.track, by="marek", report=report)

    return says


def receive(telling: Telling) -> None:
    telling.do(services.receive, rma=telling.rma, scanned_serial=telling.rma.serial)


def inspect(telling: Telling) -> None:
    telling.do(services.inspect, rma=telling.rma, result="CONFIRMED")


def authorise(telling: Telling) -> None:
    telling.do(services.authorise, rma=telling.rma)


def arrives_at_the_factory(telling: Telling) -> None:
    telling.at += timedelta(days=4)
    record = services.record_of(telling.rma)
    telling.do(services.receive_at_factory, by="petra", record=record, scanned_serial=telling.rma.serial)


def diagnose(telling: Telling) -> None:
    record = services.record_of(telling.rma)
    report = "Two capacitors of the supply are dry. They are changed, then it is tested for 24 hours."
    telling.do(services.diagnose, by="petra", record=record, diagnosis="REPAIRABLE", report=report)


def acknowledge(telling: Telling) -> None:
    record = services.record_of(telling.rma)
    telling.do(services.acknowledge, by="petra", record=record, supplier_number=f"F-{90000 + telling.rma.ticket_id}")


ADVANCE = (approve, allocate)
OUT, BACK = "REPLACEMENT_OUT", "DEFECTIVE_RETURN"


def failure(by: str, part: str, days: float, subject: str, text: str, answer: str, **more: Any) -> Story:
    """Reported so many days ago and answered within half an hour."""
    steps = (Give(ago(days=days, minutes=-20), "marek", "marek"), Say(ago(days=days, minutes=-30), "marek", answer))
    return Story(by=by, ago=ago(days=days), part=part, subject=subject, text=text, impact=CRIPPLED, steps=steps, **more)


CHECKED = "The log shows that it failed. Ask for a replacement with the button on this ticket; we confirm the failure."
RETURNS = [
    Told(
        failure(
            "anton",
            "7F-1984",
            40,
            "Drive of the goods lift is dead",
            "No light on the drive after the thunderstorm.",
            CHECKED,
        ),
        (*ADVANCE, acknowledge, ship, carrier_says(OUT, "DELIVERED")),
    ),
    Told(
        failure(
            "tom",
            "7F-2107",
            3,
            "Drive of bed lift B trips at every start",
            "It trips after two seconds, every time.",
            CHECKED,
        ),
        (*ADVANCE, acknowledge, ship, carrier_says(OUT, "SCAN", timedelta(hours=3))),
    ),
    Told(
        failure(
            "grace", "DK2-0377", 1, "Door controller of ward 3 smells burnt", "We switched it off at once.", CHECKED
        ),
    ),
    Told(
        failure(
            "walt", "7F-2191", 2, "Car 6 does not start any more", "The drive shows E01 and nothing else.", CHECKED
        ),
        ADVANCE,
    ),
    Told(
        failure(
            "juhani",
            "GW4-1077",
            16,
            "Gateway of the cold store restarts every hour",
            "Since Monday it restarts by itself.",
            CHECKED,
        ),
        (authorise, acknowledge, arrives_at_the_factory, diagnose),
    ),
    Told(
        failure(
            "walt",
            "7F-2190",
            1,
            "Car 5 stopped for good",
            "After a week of crawling it does not start at all.",
            CHECKED,
        ),
        accepts_terms=False,
    ),
]


def tell_returns(world: World) -> int:
    """All in one transaction, once. Returns how many there are now."""
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        if Rma.objects.filter(customer__in=world.organisations.values()).exists():
            return 0
        for told in RETURNS:
            _tell(told, world, unit.now)
    return len(RETURNS)


def _tell(told: Told, world: World, now: datetime) -> None:
    ticket = tell_now(told.story, world, now)
    at = now - told.story.ago + SOON
    asked = services.request_return(
        actor=world.actor(told.story.by),
        ticket=Ticket.objects.get(pk=ticket.pk),
        wish=Wish(accepts_terms=told.accepts_terms),
        now=at,
    )
    telling = Telling(world, asked.rma, at)
    for deed in told.then:
        telling.at = min(telling.at + THEN, now)
        deed(telling)
