"""Telling an organisation's administrators that we stopped calling their program."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from notifications.letters import Letter, as_html, as_text, outside_threads
from notifications.models import Notice, WebhookEndpoint
from notifications.readers import Reader, members
from notifications.services import one_line, queue_mail
from rozoom_support.lib.ui.times import deadline
from tenancy.actor import Actor
from tenancy.capabilities import CAPABILITIES
from tenancy.context import as_login_role

TOPIC = "webhook.switched_off"


def report_switched_off(endpoint: WebhookEndpoint, now: datetime) -> None:
    """As the worker, in the transaction that switches it off: mail and notice to each of those who can do something."""
    path = reverse("notifications:webhook", args=[endpoint.pk])
    for reader in _administrators(endpoint):
        letter = outside_threads(_letter(endpoint, reader, now), reader.party)
        url = settings.BASE_URL + path
        queue_mail(
            to=reader.email,
            subject=f"Webhook switched off: {endpoint}",
            text=as_text(letter, url),
            html=as_html(letter, url, "Webhook switched off"),
            dedup=f"webhook.{endpoint.pk.hex}.{endpoint.version}.{reader.person_id}",
            headers={"X-Auto-Response-Suppress": "All"},
        )
        Notice.objects.create(
            topic=TOPIC,
            organisation_id=endpoint.organisation_id,
            person_id=reader.person_id,
            party=reader.party,
            title="We switched off a webhook: it failed for too long",
            detail=one_line(str(endpoint)),
            path=path,
            created_at=now,
        )


def report_made_by_program(endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> None:
    """In any context. Withdrawing a stolen token does not end the webhooks it made: people must know of them."""
    path = reverse("notifications:webhook", args=[endpoint.pk])
    with as_login_role():  # a tenant's own role may not read people
        readers = _administrators(endpoint)
    for reader in readers:
        letter = Letter(
            lead=f"The program {actor.name} set up a webhook.",
            paragraphs=[
                "From now on what it chose is sent there. If nobody of you meant that, remove the webhook and withdraw "
                "the program's token."
            ],
            facts=[("Address", endpoint.url), ("What it is", endpoint.description or "no description")],
            action="Look at the webhook",
            why="You get this because you manage the webhooks of your organisation.",
        )
        letter = outside_threads(letter, reader.party)
        url = settings.BASE_URL + path
        queue_mail(
            to=reader.email,
            subject=f"A program set up a webhook: {endpoint}",
            text=as_text(letter, url),
            html=as_html(letter, url, "A program set up a webhook"),
            dedup=f"webhook.{endpoint.pk.hex}.{endpoint.version}.made.{reader.person_id}",
            headers={"X-Auto-Response-Suppress": "All"},
            now=now,
        )


def _administrators(endpoint: WebhookEndpoint) -> list[Reader]:
    return members(organisation_id=endpoint.organisation_id, role__in=CAPABILITIES["webhook:manage"])


def _letter(endpoint: WebhookEndpoint, reader: Reader, now: datetime) -> Letter:
    since = endpoint.failing_since or now
    clock = int(now.timestamp() * 1000)
    return Letter(
        lead="We stopped calling one of your programs.",
        paragraphs=[
            f"Every call since {deadline(since, reader.zone, clock)} has failed. The last one: "
            f"{endpoint.switched_off_because}.",
            "Nothing is lost: when your program works again, switch the webhook on and send again what failed.",
        ],
        facts=[("Address", endpoint.url), ("What it is", endpoint.description or "no description")],
        action="Look at the webhook",
        why="You get this because you manage the webhooks of your organisation.",
    )
