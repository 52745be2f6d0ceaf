"""Reads of the mail page. Staff's role sees every mail; nobody else's sees one."""

from django.db.models import Count, QuerySet

from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation
from tickets.mail.releasing import CAPABILITY
from tickets.mail.senders import sender_of
from tickets.mail.threads import TAG
from tickets.models import IncomingMail, Ticket

Outcome = IncomingMail.Outcome
COUNTED = 100  # more than that is "100+" on the page
VIEWS = {
    "held": [Outcome.HELD],
    "ignored": [Outcome.IGNORED],
    "bounces": [Outcome.BOUNCE_RECORDED],
    "rejected": [Outcome.REJECTED],
    "dropped": [Outcome.DROPPED],
    "filed": [Outcome.TICKET_CREATED, Outcome.MESSAGE_ADDED],
    "waiting": [Outcome.WAITING],
}


def mails(actor: Actor, view: str) -> QuerySet[IncomingMail]:
    """Newest first; what is held the longest waiting first."""
    actor.require(CAPABILITY)
    found = IncomingMail.objects.filter(outcome__in=VIEWS[view]).select_related("ticket", "customer")
    order = ("received_at", "pk") if view == "held" else ("-received_at", "-pk")
    return found.defer("found", "ticket__search", "ticket__description").order_by(*order)


def mail_for(actor: Actor, pk: int) -> IncomingMail:
    """The one way to a mail. Raises NotFound."""
    actor.require(CAPABILITY)
    found = (
        IncomingMail.objects.select_related("ticket__customer", "customer")
        .defer("ticket__search")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def next_held(actor: Actor, after: IncomingMail) -> IncomingMail | None:
    """The one that waits longest, besides this one."""
    return mails(actor, "held").exclude(pk=after.pk).first()


def counts(actor: Actor) -> dict[str, int]:
    """How many of each view that somebody may have to look at."""
    actor.require(CAPABILITY)
    rows = IncomingMail.objects.filter(
        outcome__in=[Outcome.HELD, Outcome.WAITING, Outcome.BOUNCE_RECORDED, Outcome.REJECTED]
    )
    found = dict(rows.values_list("outcome").annotate(number=Count("pk")))
    return {view: sum(found.get(one, 0) for one in outcomes) for view, outcomes in VIEWS.items()}


def held_count(actor: Actor) -> int:
    return IncomingMail.objects.filter(outcome=Outcome.HELD)[: COUNTED + 1].count() if actor.can(CAPABILITY) else 0


def guess(mail: IncomingMail) -> tuple[Ticket | None, Organisation | None]:
    """Where it most likely belongs: only for an address that is somebody's there. A stranger's words suggest nothing."""
    sender = sender_of(mail.sender, mail.sender_name) if mail.sender else None
    if sender is None or not sender.is_known or mail.code == "failed_proof":
        return None, None
    organisations = [one.organisation for one in sender.memberships] + ([sender.guest_of] if sender.guest_of else [])
    own = [one for one in organisations if one.kind == Kind.CUSTOMER]
    tags = [tag.upper() for tag in TAG.findall(mail.subject)]
    ticket = (
        Ticket.objects.select_related("customer")
        .defer("search")
        .filter(reference__in=tags, customer_id__in=[one.pk for one in own])
        .first()
    )
    if ticket is not None:
        return ticket, None
    return None, own[0] if len(own) == 1 else None
