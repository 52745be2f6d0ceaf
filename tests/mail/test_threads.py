"""Which ticket a mail reaches, and which it never does: the wall as it stands before mail."""

from typing import Any

import pytest

from notifications.models import Delivery, Event
from tenancy.context import as_login_role, work_unit
from tenancy.models import Membership
from tenancy.pgbackend.base import TenantAccessDenied
from tests.mail.post import WORKER, answer, letter, mails_about, messages_of, receive, reply_to, ticket_of
from tests.tickets.test_emails import move, take
from tests.world import STAFF, World, ensure_context, message, ticket
from tickets.mail.proof import Proof
from tickets.models import ReplyAddress, Ticket
from tickets.services import merge

SIGNED = Proof(proved=True, signed=True, by=["dkim"])


def signed(monkeypatch: Any, proof: Proof = SIGNED) -> None:
    monkeypatch.setattr("tickets.mail.working.judge", lambda *args: proof)


def tickets_of(code: str) -> int:
    with ensure_context(WORKER):
        return Ticket.objects.filter(customer__code=code).count()


def test_a_tag_of_ones_own_ticket_joins_it(world: World) -> None:
    filed = ticket(world)
    mail = receive(letter(subject=f"Aw: [{filed.reference.lower()}] Lift 2"))
    assert (mail.outcome, mail.ticket_id) == ("message_added", filed.pk)


def test_a_message_id_of_ours_joins_its_ticket(world: World) -> None:
    filed = ticket(world)
    with ensure_context(WORKER):
        from_us = Delivery.objects.create(
            dedup_key="event.1.0123456789abcdef",
            message_id="<rozoom.event.1.0123456789abcdef@rozoom.example>",
            recipient="ilse@test.example",
            subject="x",
            text="x",
            created_at=filed.reported_at,
            next_at=filed.reported_at,
            event_id=_event_of(filed),
        )
    mail = receive(letter(subject="Hello", References=f"<other@x.example> {from_us.message_id}"))
    assert (mail.outcome, mail.ticket_id) == ("message_added", filed.pk)


def _event_of(filed: Ticket) -> int:
    return Event.objects.get(ticket_id=filed.pk, topic="ticket.filed").pk


@pytest.mark.parametrize(
    "headers",
    [
        {"subject": "Re: [ACME-1] Lift 2 stands still"},
        {"In_Reply_To": "<ticket.acme-1@rozoom.example>"},
        {"References": "<ticket.acme-1@rozoom.example>", "subject": "[ACME-1]"},
    ],
)
def test_tags_and_references_never_join_another_organisations_ticket(world: World, headers: dict[str, str]) -> None:
    """The same becomes of it as with a number that does not exist: a new ticket of the sender's own."""
    filed = ticket(world)
    assert filed.reference == "ACME-1"
    for wanted in (headers, {name: text.replace("cme-1", "cme-99") for name, text in headers.items()}):
        mail = receive(letter("Bob <bob@test.example>", **wanted))
        assert mail.outcome == "ticket_created"
        assert ticket_of(mail).customer_id == world.bolt.pk
    assert messages_of(filed) == []


def test_a_reply_address_works_only_for_the_organisation_it_was_given_to(world: World) -> None:
    filed = ticket(world)
    message(world, filed)
    address = reply_to(mails_about(filed, "message.added"), "ilse@test.example")
    for sender in ("Bob <bob@test.example>", "Nils <nils@test.example>"):
        mail = receive(letter(sender, to=address))
        assert (mail.outcome, mail.code) == ("held", "not_the_one_asked")
    stranger = receive(letter("Evil <evil@elsewhere.example>", to=address))
    assert (stranger.outcome, stranger.code) == ("held", "unknown_sender")
    added_copy = receive(letter("Evil <evil@elsewhere.example>", to="support@rozoom.example", Cc=address))
    assert added_copy.outcome == "held"
    colleague = receive(letter("Ana <ana@test.example>", to=address))
    assert colleague.outcome == "message_added"
    assert [said.author_id for said in messages_of(filed)[1:]] == [world.ana.person_id]


def test_a_stranger_copied_in_gets_nothing_out(world: World) -> None:
    """Whoever was put into Cc is told of nothing, now and later."""
    mail = receive(letter(Cc="evil@elsewhere.example", Reply_To="evil@elsewhere.example"))
    filed = ticket_of(mail)
    message(world, filed)
    told = mails_about(filed, "ticket.filed") + mails_about(filed, "message.added")
    assert {one.to for one in told} & {"ilse@test.example"}
    assert not any("evil" in one.to for one in told)


def test_an_unknown_reply_address_is_held(world: World) -> None:
    filed = ticket(world)
    message(world, filed)
    guessed = receive(letter(to=f"support+{'a' * 26}@rozoom.example"))
    assert (guessed.outcome, guessed.code) == ("held", "unknown_reply_address")
    assert len(messages_of(filed)) == 1


def test_the_addresses_of_two_tickets_at_once_are_held(world: World) -> None:
    mails = []
    for filed in (ticket(world), ticket(world)):
        message(world, filed)
        mails.append(reply_to(mails_about(filed, "message.added"), "ilse@test.example"))
    assert receive(letter(to=", ".join(mails))).code == "two_tickets"


def test_the_same_reader_keeps_the_same_address_and_nobody_shares_one(world: World) -> None:
    filed = ticket(world)
    for _ in range(2):
        message(world, filed)
    first, second = [
        one.headers["Reply-To"] for one in mails_about(filed, "message.added") if one.to == "ilse@test.example"
    ]
    assert first == second
    message(world, filed, "ilse", "To all")
    with ensure_context(WORKER):
        secrets = list(ReplyAddress.objects.values_list("secret", flat=True))
    assert len(secrets) == len(set(secrets))
    assert all(len(secret) == 26 for secret in secrets)


@pytest.mark.parametrize("role", ["ilse", "dirk", "sol", "marek"])
def test_no_role_of_people_may_read_a_secret(world: World, role: str) -> None:

    with pytest.raises(TenantAccessDenied), work_unit(world.actor(role).context):
        list(ReplyAddress.objects.all())


def test_a_reseller_answers_for_its_customers_alone(world: World) -> None:
    filed = ticket(world)
    mail = receive(letter("Dirk <dirk@test.example>", subject=f"[{filed.reference}]", text="We look at it."))
    assert mail.outcome == "message_added"
    assert messages_of(filed)[-1].author_party == "reseller"
    assert receive(letter("Nils <nils@test.example>", subject=f"[{filed.reference}]")).code == "which_customer"


def test_a_resellers_report_finds_its_customer_by_the_serial(world: World) -> None:
    serial = world.components["acme"].serial
    mail = receive(letter("Dirk <dirk@test.example>", text=f"For Acme, serial {serial}."))
    filed = ticket_of(mail)
    assert (filed.customer_id, filed.reporter_party) == (world.acme.pk, "reseller")
    bolts = receive(letter("Dirk <dirk@test.example>", text=f"Serial {world.components['bolt'].serial}."))
    assert bolts.code == "which_customer"


def test_a_serial_of_another_customer_is_as_unknown_as_none(world: World) -> None:
    mail = receive(letter(text=f"Serial {world.components['bolt'].serial}."))
    assert ticket_of(mail).component_id is None


def test_staff_need_our_address_and_a_signature(world: World, monkeypatch: Any) -> None:
    filed = ticket(world)
    message(world, filed, "ilse", "Anybody there?")
    assert receive(letter("Marek <marek@test.example>", subject=f"[{filed.reference}]")).code == "staff"
    signed(monkeypatch)
    assert receive(letter("Marek <marek@test.example>", subject=f"[{filed.reference}]")).code == "staff"
    assert receive(letter("Marek <marek@test.example>", subject="New one")).code == "staff"
    assert [said.author_party for said in messages_of(filed)] == ["customer"]


def test_a_signed_answer_of_staff_stops_the_promise(world: World, monkeypatch: Any) -> None:
    filed = ticket(world, severity=1)
    mails = mails_about(filed, "ticket.filed")
    address = reply_to(mails, "marek@test.example")
    forged = receive(letter("Marek <marek@test.example>", to=address, text="Forged."))
    assert (forged.outcome, forged.code) == ("held", "staff_not_signed")
    signed(monkeypatch, Proof(proved=True, signed=False, by=["spf"]))
    assert receive(letter("Marek <marek@test.example>", to=address, text="Only SPF.")).code == "staff_not_signed"
    signed(monkeypatch)
    mail = receive(letter("Marek <marek@test.example>", to=address, text="I am on my way."))
    assert mail.outcome == "message_added"
    (said,) = messages_of(filed)
    assert (said.author_party, said.kind) == ("operator", "public")
    with ensure_context(WORKER):
        filed.refresh_from_db(fields=["response_outcome"])
    assert filed.response_outcome == "MET"


@pytest.mark.parametrize(
    "kind, by, reader, sender", [("internal", "rita", "marek", "operator"), ("partner", "marek", "dirk", "reseller")]
)
def test_an_answer_to_a_note_is_a_note(
    world: World, monkeypatch: Any, kind: str, by: str, reader: str, sender: str
) -> None:
    signed(monkeypatch)
    filed = ticket(world)
    take(world, filed, "marek")
    message(world, filed, by, "Between us.", kind=kind)
    mail = receive(answer(world, filed, "message.added", reader, "Agreed."))
    assert mail.outcome == "message_added"
    said = messages_of(filed)[-1]
    assert (said.kind, said.author_party) == (kind, sender)


def test_who_lost_access_is_held(world: World) -> None:
    filed = ticket(world)
    message(world, filed)
    mail = answer(world, filed, "message.added", "ilse")
    with ensure_context(WORKER), as_login_role():
        world.ilse.is_active = False
        world.ilse.save(update_fields=["is_active"])
    assert receive(mail).code == "left"


def test_a_merged_ticket_goes_on_in_the_other_one(world: World) -> None:
    filed, other = ticket(world), ticket(world)
    message(world, filed)
    mail = answer(world, filed, "message.added", "ilse", "Still stuck.")
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        merge(actor=actor, ticket=filed, into=other, now=unit.now)
    assert receive(mail).ticket_id == other.pk


def test_too_late_an_answer_is_a_new_ticket_that_names_the_old_one(world: World) -> None:
    filed = ticket(world)
    move(world, filed, "withdraw", by="ilse", reason="Solved itself.")
    mail = receive(letter(subject=f"Re: [{filed.reference}] Lift", text="It is back."))
    assert mail.outcome == "ticket_created"
    assert ticket_of(mail).description == f"This follows {filed.reference}, which has ended.\n\nIt is back."


def test_a_person_of_two_customers_says_which_by_a_serial(world: World) -> None:

    with ensure_context(WORKER), as_login_role():
        Membership.objects.create(
            organisation=world.solo,
            person=world.ilse.person,
            role="member",
            person_name="Ilse Test",
            person_email="ilse@test.example",
        )
    assert receive(letter()).code == "which_customer"
    mail = receive(letter(text=f"Serial {world.components['solo'].serial}"))
    assert ticket_of(mail).customer_id == world.solo.pk


def test_a_guest_of_a_shown_domain_reports_and_is_answered(world: World) -> None:
    with ensure_context(STAFF):
        world.acme.mail_domains = ["acme.example"]
        world.acme.save(update_fields=["mail_domains"])
    guest = "Jo Doe <jo@acme.example>"
    mail = receive(letter(guest))
    filed = ticket_of(mail)
    assert (filed.customer_id, filed.reporter_id, filed.reporter_name) == (
        world.acme.pk,
        None,
        "Jo Doe (jo@acme.example)",
    )
    assert "jo@acme.example" in [one.to for one in mails_about(filed, "ticket.filed")]
    message(world, filed)
    answered = mails_about(filed, "message.added")
    assert "jo@acme.example" in [one.to for one in answered]
    address = reply_to(answered, "jo@acme.example")
    assert receive(letter(guest, to=address, text="Thanks.")).outcome == "message_added"
    assert "jo@acme.example" not in [one.to for one in mails_about(filed, "message.added")]
    other = receive(letter("Mo <mo@acme.example>", to=address))
    assert (other.outcome, other.code) == ("held", "not_the_one_asked")
    assert receive(letter("Mo <mo@sub.acme.example>")).code == "unknown_sender"


def test_a_domain_two_customers_claim_is_nobodys(world: World) -> None:
    with ensure_context(STAFF):
        for customer in (world.acme, world.bolt):
            customer.mail_domains = ["shared.example"]
            customer.save(update_fields=["mail_domains"])
    assert receive(letter("Jo <jo@shared.example>")).code == "unknown_sender"


def test_a_suppliers_clerk_may_not_report(world: World) -> None:
    assert receive(letter("Sam <sam@test.example>")).outcome == "held"
