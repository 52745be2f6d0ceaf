"""What stands below a new message in its mail: the last ones before it, as far as this very reader may read them."""

from notifications.letters import Quote
from notifications.readers import Reader
from rozoom_support.lib.ui.times import deadline
from tenancy.context import Context, looking_as
from tenancy.models import AUDIENCE_OF_KIND, Kind
from tickets import queries
from tickets.models import Message, Ticket

SHOWN = 3
LONGEST = 2000  # characters of each; the whole of it stands in the ticket


def eyes_of(reader: Reader) -> Context:
    """The database role this reader works under."""
    audience = AUDIENCE_OF_KIND[Kind(reader.party.upper())]
    return Context(audience, None if audience == "staff" else reader.organisation_id, reader.person_id or None)


def may_see(message: Message, reader: Reader) -> bool:
    """The wall once more, and the database's own: at the last step before text leaves the house."""
    with looking_as(eyes_of(reader)):
        return Message.objects.filter(pk=message.pk, ticket_id=message.ticket_id).exists()


def before(message: Message, ticket: Ticket, reader: Reader) -> list[Quote]:
    """The newest first; the report itself is the oldest."""
    kinds = queries.READABLE_KINDS.get(reader.party, None)
    with looking_as(eyes_of(reader)):
        found = Message.objects.filter(ticket_id=ticket.pk, created_at__lt=message.created_at).defer("search")
        if kinds is not None:
            found = found.filter(kind__in=kinds)
        rows = list(found.order_by("-created_at")[:SHOWN])
    now = int(message.created_at.timestamp() * 1000)
    quotes = [Quote(f"{_who(row)}, {deadline(row.created_at, reader.zone, now)}:", _short(row.body)) for row in rows]
    if len(rows) < SHOWN:
        said = f"{ticket.reporter_name}, {deadline(ticket.reported_at, reader.zone, now)}:"
        quotes.append(Quote(said, _short(ticket.description)))
    return quotes


def _who(message: Message) -> str:
    kind = {"partner": " (partner note)", "internal": " (internal note)"}.get(message.kind, "")
    return f"{message.author_name}{kind}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"
