"""Which ticket a mail answers. The secret in the address decides; what anybody can type only helps who may read it anyway."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings

from notifications.models import Delivery
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.context import looking_as
from tickets import queries
from tickets.lifecycle import State
from tickets.mail.addresses import addresses_for
from tickets.mail.senders import Sender
from tickets.models import IncomingMail, MessageKind, Ticket

TAG = re.compile(r"\[([A-Za-z][A-Za-z0-9]{1,11}-[0-9]{1,9})\]")
ROOT = re.compile(r"<ticket\.([a-z][a-z0-9]{1,11}-[0-9]{1,9})@([^<>\s]+)>")
MOST_TICKETS = 20
MOST_MERGES = 10


class Stray(Exception):
    """It names an address it may not use, or one that is none: held, with these words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass(frozen=True)
class Thread:
    """Somebody answers to a ticket, with a message of this kind. `by_address`: the secret was theirs."""

    actor: Actor
    ticket: Ticket
    kind: MessageKind = MessageKind.PUBLIC
    by_address: bool = False


def thread_of(mail: IncomingMail, found: Mapping[str, Any], sender: Sender) -> Thread | None:
    """As the worker. None: it answers nothing that this sender may read, so it is a new report. Raises Stray."""
    to = addresses_for([*mail.envelope_to, *found["receivers"]])
    named = to.in_force
    if len({one.ticket_id for one in named}) > 1:
        raise Stray("two_tickets", "It goes to the reply addresses of two tickets.")
    if named:
        # The same ticket as a note and in public: the note, which fewer people read.
        address = min(named, key=lambda one: [*reversed(MessageKind.values)].index(one.kind))
        actor = sender.actor_in(address.organisation_id)
        if actor is None or (actor.person_id is None and address.email != sender.address):
            raise Stray("not_the_one_asked", "Somebody else wrote than the one this reply address was made for.")
        ticket = readable(actor, address.ticket.reference)
        if ticket is None or not _may_write(actor, address.kind):
            raise Stray("may_not_read", "The sender may not read that ticket any more.")
        return Thread(actor, ticket, MessageKind(address.kind), by_address=True)
    if to.taken_back:
        reference = to.taken_back[0].ticket.reference
        raise Stray("address_taken_back", f"Its reply address, of {reference}, was taken back.")
    if to.unknown:
        raise Stray("unknown_reply_address", "Its reply address is none of ours.")
    for reference in references_in(found):
        for actor in sender.actors():
            ticket = readable(actor, reference)
            if ticket is not None:
                return Thread(actor, ticket)
    return None


def _may_write(actor: Actor, kind: str) -> bool:
    return (
        actor.party == "operator"
        or kind == MessageKind.PUBLIC
        or (actor.party, kind) == ("reseller", MessageKind.PARTNER)
    )


def readable(actor: Actor, reference: str) -> Ticket | None:
    """Through the sender's own eyes: another organisation's ticket is as unknown as none. A merged one goes on elsewhere."""
    with looking_as(actor.context):
        try:
            ticket = queries.ticket_for(actor, reference)
            for _ in range(MOST_MERGES):
                if ticket.state != State.MERGED or ticket.merged_into is None:
                    return ticket
                ticket = queries.ticket_for(actor, ticket.merged_into.reference)
        except NotFound:
            return None
    return ticket


def references_in(found: Mapping[str, Any]) -> list[str]:
    """References of tickets: of the mails it answers, newest first, then of its subject."""
    host = our_host()
    ids = list(reversed(found["answers"]))
    roots = [match[1].upper() for one in ids if (match := ROOT.fullmatch(one.lower())) and match[2] == host]
    ours = [one[8:].partition("@")[0] for one in ids if one.startswith("<rozoom.") and one.endswith(f"@{host}>")]
    tags = [tag.upper() for tag in TAG.findall(found["subject"])]
    return list(dict.fromkeys([*roots, *_of_our_mails(ours), *tags]))[:MOST_TICKETS]


def _of_our_mails(keys: Iterable[str]) -> list[str]:
    """A Message-ID of ours holds the key of its delivery (notifications.services.message_id)."""
    wanted = list(keys)[:MOST_TICKETS]
    if not wanted:
        return []
    sent = Delivery.objects.filter(dedup_key__in=wanted, event__ticket_id__isnull=False)
    tickets = sent.values_list("event__ticket_id", flat=True)
    return list(Ticket.objects.filter(pk__in=list(tickets)).values_list("reference", flat=True))


def our_host() -> str:
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2].lower() or "localhost"
