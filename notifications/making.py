"""From what handlers say to rows: which mail goes out, which waits for the daily one, and where each stands in its thread."""

from collections.abc import Sequence
from dataclasses import replace

from django.contrib.postgres.functions import TransactionNow
from django.utils.crypto import salted_hmac

from notifications.handlers import Mail, Said, Told, mails_in, told_in
from notifications.letters import with_stop
from notifications.models import Delivery, Event, Notice
from notifications.services import message_id, one_line
from notifications.wishes import DIGEST, NOW, chosen_by, stop_url, wish_of

# A call for help waits for no other mail, and its subject says at a glance what it is, as do these others. All else
# that is said about a ticket keeps one subject for ever, or Gmail begins a new conversation.
ALARMS = {"sla.escalated"}
WITH_A_HEADLINE = {*ALARMS, "severity.proposed"}
NEW = {"ticket.filed", "impact.answered"}  # a headline at severity 1 only
TOPIC = "Thread-Topic"  # what Outlook joins by, and where the one subject is kept


def made_of(event: Event, said: Sequence[Said]) -> tuple[list[Delivery], list[Notice]]:
    """As the worker, in the transaction that marks the event handled."""
    notices, wanted = _by_wish(event, said)
    return _in_threads(event, wanted), notices


def _by_wish(event: Event, said: Sequence[Said]) -> tuple[list[Notice], list[Said]]:
    wish = wish_of(event.topic, event.severity)
    people = {told.person_id for told in told_in(said)}
    chosen = chosen_by(people, wish) if wish is not None and people else {}
    notices: list[Notice] = []
    wanted: list[Said] = []
    for one in said:
        if not isinstance(one, Told):
            wanted.append(one)
            continue
        choice = chosen.get(one.person_id, NOW) if one.mail is not None else NOW
        notices.append(_notice(event, one, for_digest=choice == DIGEST))
        if one.mail is None or choice != NOW:
            continue
        mail = one.mail if wish is None else with_stop(one.mail, stop_url(one.person_id, wish))
        wanted.append(replace(one, mail=mail))
    return notices, wanted


def _in_threads(event: Event, said: Sequence[Said]) -> list[Delivery]:
    """Each names the last one of its thread that went to the same reader, and keeps its subject."""
    alone = {id(one) for one in said if isinstance(one, Mail)}
    mails = mails_in(said)
    rows = [_delivery(event, mail) for mail in mails]
    keys = {(row.thread, row.recipient) for row in rows if row.thread}
    if not keys:
        return rows
    sent = Delivery.objects.filter(thread__in={t for t, _ in keys}, recipient__in={r for _, r in keys})
    last = {(one.thread, one.recipient): one.message_id for one in sent.order_by("pk")}
    subjects = {
        (one.thread, one.recipient): one.headers[TOPIC] for one in sent.filter(headers__has_key=TOPIC).order_by("-pk")
    }
    for row, mail in zip(rows, mails, strict=True):
        key = (row.thread, row.recipient)
        if row.thread and key in last:
            _follow(row, last[key])
        if row.thread and (id(mail) in alone or _is_plain(event)):
            row.subject = row.headers[TOPIC] = subjects.get(key, row.subject)
    return rows


def _is_plain(event: Event) -> bool:
    return event.topic not in WITH_A_HEADLINE and not (event.topic in NEW and event.severity == 1)


def _follow(row: Delivery, before: str) -> None:
    """Below the last one. A mail that says itself what it answers keeps that."""
    root = row.headers.get("References", "")
    if row.headers.get("In-Reply-To") == root:
        row.headers = {**row.headers, "In-Reply-To": before, "References": f"{root} {before}"}


def _delivery(event: Event, mail: Mail) -> Delivery:
    # Nobody who knows the address and guesses the number must be able to name the mail, for instance in a false bounce.
    which = salted_hmac("notifications.delivery", f"{mail.key} {mail.to.lower()}", algorithm="sha256").hexdigest()[:16]
    key = f"event.{event.pk}.{which}"
    return Delivery(
        dedup_key=key,
        message_id=message_id(key),
        recipient=mail.to,
        subject=one_line(mail.subject),
        text=mail.text,
        html=mail.html,
        headers=dict(mail.headers),
        thread="" if event.topic in ALARMS else mail.headers.get("References", "").split(" ")[0][:120],
        guard=dict(mail.guard) if mail.guard else None,
        severity=event.severity,
        event=event,
        customer_id=event.customer_id,
        reseller_id=event.reseller_id,
        created_at=event.created_at,
        next_at=TransactionNow(),
    )


def _notice(event: Event, told: Told, *, for_digest: bool) -> Notice:
    name, key = next(iter((told.hinges_on or {}).items()), ("", None))
    return Notice(
        customer_id=event.customer_id,
        reseller_id=event.reseller_id,
        event_id=event.pk,
        topic=event.topic,
        organisation_id=told.organisation_id,
        person_id=told.person_id,
        party=told.party,
        title=one_line(told.title),
        detail=one_line(told.detail),
        path=told.path,
        reference=told.reference,
        ticket_id=event.ticket_id,
        hinges_on=name,
        hinges_on_id=key,
        for_digest=for_digest,
        created_at=event.created_at,
    )
