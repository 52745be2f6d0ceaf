"""The four questions by mail: asked once, answered in plain lines, and the promise follows."""

from datetime import timedelta

import pytest

from tests.mail.post import WORKER, answer, letter, mails_about, messages_of, receive, ticket_of
from tests.world import World, ensure_context, ticket
from tickets.mail.questions import ASKED, impact_in
from tickets.models import IncomingMail, SeverityProposal, Ticket
from tickets.severity import Impact

STOPPED = "1. Service: complete loss\n2. Workaround: no\n3. Business: stopped\n4. Mission critical: yes\n"


def fresh(ticket: Ticket) -> Ticket:
    with ensure_context(WORKER):
        return Ticket.objects.get(pk=ticket.pk)


def test_the_first_answer_asks_and_the_reply_raises_at_once(world: World) -> None:
    mail = receive(letter())
    filed = ticket_of(mail)
    assert filed.response_due_at == mail.received_at + timedelta(hours=24)
    reply = answer(world, filed, "ticket.filed", "ilse", STOPPED)
    assert receive(reply).outcome == "message_added"
    raised = fresh(filed)
    assert (raised.severity, raised.severity_state) == (1, "provisional")
    assert raised.impact == Impact("complete", "no", "stopped", True).as_dict()
    assert raised.response_due_at is not None
    assert raised.response_due_at < mail.received_at + timedelta(hours=1, minutes=1)
    told = mails_about(filed, "impact.answered")
    assert {one.to for one in told} >= {"marek@test.example", "rita@test.example", "dirk@test.example"}
    page = world.client("ilse").get(f"/tickets/{filed.reference}/").content.decode()
    assert "answered the questions: severity 1" in page


def test_the_acknowledgement_names_questions_and_promise(world: World) -> None:
    filed = ticket_of(receive(letter()))
    sent = next(one for one in mails_about(filed, "ticket.filed") if one.to == "ilse@test.example")
    assert all(line in sent.text for line in ASKED)
    assert "Severity 3 until you tell us how bad it is." in sent.text
    assert "does not count as the answer" in sent.text
    assert "You can answer this mail." in sent.text
    assert fresh(filed).response_outcome == "RUNNING"


def test_answers_in_the_first_mail_count_from_the_beginning(world: World) -> None:
    mail = receive(letter(text=f"All lifts stand still.\n\n{STOPPED}"))
    filed = ticket_of(mail)
    assert (filed.severity, filed.response_due_at) == (1, mail.received_at + timedelta(hours=1))


def test_later_answers_are_a_proposal(world: World) -> None:
    filed = ticket(world, severity=3)
    receive(letter(subject=f"[{filed.reference}]", text=STOPPED))
    assert fresh(filed).severity == 3
    with ensure_context(WORKER):
        assert SeverityProposal.objects.get(ticket=filed).to_severity == 1
    again = receive(letter(subject=f"[{filed.reference}]", text=f"Again.\n{STOPPED}"))
    assert again.outcome == "message_added"
    assert len(messages_of(filed)) == 2


@pytest.mark.parametrize(
    "text, impact",
    [
        (STOPPED, Impact("complete", "no", "stopped", True)),
        ("Service: severe\nBusiness: degraded\nMission critical: no", Impact("severe", "unknown", "degraded", False)),
        ("1 complete\n2 unknown\n3 stopped\n4 yes", Impact("complete", "unknown", "stopped", True)),
        (
            "> 1. Service: severe loss\n2) workaround? yes\n3) business: normal\n4) no",
            Impact("severe", "yes", "normal", False),
        ),
        ("SERVICE: MINOR", Impact("minor", "unknown", "normal", False)),
        ("\n".join(ASKED), None),
        ("Service: complete", None),
        ("The service was complete rubbish.\nBusiness: stopped\nMission critical: yes", None),
        ("1 lift\n2 doors\n3 buttons\n4 walls", None),
        ("", None),
    ],
)
def test_plain_answers(text: str, impact: Impact | None) -> None:
    assert impact_in(text) == impact


def test_a_mail_that_waited_counts_from_when_it_came(world: World) -> None:
    mail = receive(letter("Jo <jo@elsewhere.example>"))
    with ensure_context(WORKER):
        IncomingMail.objects.update(received_at=mail.received_at - timedelta(hours=3))
    client = world.client("marek")
    client.post(f"/desk/mail/{mail.pk}/release/", {"customer": "ACME", "written_by": "ilse@test.example"})
    with ensure_context(WORKER):
        filed = Ticket.objects.get()
    assert filed.reported_at == mail.received_at - timedelta(hours=3)
    assert filed.response_due_at == filed.reported_at + timedelta(hours=24)
