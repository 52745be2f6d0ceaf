"""Answering: who reads it, what stops the promise, what happens to state and turn, and who is told that somebody was faster."""

from datetime import timedelta

import pytest

from notifications.models import Event
from sla.models import ClockSegment
from tenancy.actor import NotAllowed
from tenancy.context import Context, work_unit
from tests.together import together
from tests.world import World, message, ticket
from tickets.models import Message, ReplyDraft, Ticket
from tickets.queries import conversation_with_files, search_ids
from tickets.services import CannotReply, keep_draft, resolve
from tickets.services.conversation import NewerMessage
from tickets.services.moving import begin

WORKER = Context("worker")


def fresh(filed: Ticket) -> Ticket:
    with work_unit(WORKER):
        return Ticket.objects.get(pk=filed.pk)


def test_the_first_public_reply_by_rozoom_stops_the_promise(world: World) -> None:
    filed = ticket(world)
    reply = message(world, filed, "marek")
    after = fresh(filed)
    assert (after.state, after.response_outcome, after.clock_due_at) == ("OPEN", "MET", None)
    assert after.response_stopped_at == reply.created_at
    assert after.response_due_at == filed.response_due_at


@pytest.mark.parametrize(
    "by, kind", [("marek", "partner"), ("marek", "internal"), ("dirk", "public"), ("ilse", "public")]
)
def test_nothing_else_stops_it(world: World, by: str, kind: str) -> None:
    filed = ticket(world)
    message(world, filed, by, kind=kind)
    assert fresh(filed).response_outcome == "RUNNING"
    assert fresh(filed).clock_due_at == filed.clock_due_at


def test_a_late_answer_stays_missed(world: World) -> None:
    with work_unit(WORKER) as unit:
        long_ago = unit.now - timedelta(hours=5)
    filed = ticket(world, now=long_ago)
    message(world, filed, "marek")
    after = fresh(filed)
    assert after.response_outcome == "MISSED"
    assert after.response_stopped_at > after.response_due_at


def test_a_customers_question_after_the_answer_starts_the_next_clock(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek")
    question = message(world, filed, "ilse", "And now?")
    after = fresh(filed)
    assert after.clock_due_at == question.created_at + timedelta(hours=4)
    assert after.response_outcome == "MET"
    with work_unit(WORKER):
        assert [s.kind for s in ClockSegment.objects.filter(ticket_id=filed.pk).order_by("id")] == ["FIRST", "NEXT"]
    message(world, filed, "rita", "Now it works.")
    assert fresh(filed).clock_due_at is None


def test_waiting_for_the_customer_ends_when_it_writes(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", "Which firmware?", then="wait")
    assert (fresh(filed).state, fresh(filed).turn) == ("WAITING", "customer")
    message(world, filed, "ilse", "4.2")
    assert (fresh(filed).state, fresh(filed).turn) == ("OPEN", "rozoom")


def test_a_solved_ticket_comes_back_by_a_customers_message(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", "Restart it.", then="resolve")
    assert fresh(filed).state == "RESOLVED"
    message(world, filed, "ilse", "It is broken again.")
    after = fresh(filed)
    assert (after.state, after.resolved_at) == ("OPEN", None)
    assert after.clock_due_at is not None


def test_after_fourteen_days_it_says_what_to_do(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", then="resolve")
    with work_unit(WORKER) as unit:
        later = unit.now + timedelta(days=15)
    with pytest.raises(CannotReply, match="Report the problem again and name ACME-1"):
        message(world, filed, "ilse", now=later)


def test_each_reader_sees_the_kinds_meant_for_it(world: World) -> None:
    filed = ticket(world)
    for kind in ("public", "partner", "internal"):
        message(world, filed, "marek", f"{kind} words", kind=kind)
    seen = {}
    for name in ("ilse", "dirk", "rita"):
        actor = world.actor(name)
        with work_unit(actor.context):
            seen[name] = {m.kind for m in conversation_with_files(actor, filed)[0]}
            assert {m.kind for m in Message.objects.filter(ticket=filed)} == seen[name]
    assert seen == {"ilse": {"public"}, "dirk": {"public", "partner"}, "rita": {"public", "partner", "internal"}}


def test_search_finds_notes_for_those_who_may_read_them(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", "Suspect the zyzzogeton.", kind="internal")
    message(world, filed, "marek", "Ask about the quokka.", kind="partner")
    expected = {"ilse": (0, 0), "dirk": (0, 1), "nils": (0, 0), "rita": (1, 1)}
    for name, counts in expected.items():
        with work_unit(world.actor(name).context):
            assert (len(search_ids("zyzzogeton")), len(search_ids("quokka"))) == counts, name


@pytest.mark.parametrize(
    "by, kind", [("ilse", "partner"), ("ilse", "internal"), ("dirk", "internal"), ("fin", "public")]
)
def test_who_may_not_write_what(world: World, by: str, kind: str) -> None:
    filed = ticket(world)
    with pytest.raises(NotAllowed):
        message(world, filed, by, kind=kind)


def test_the_database_refuses_a_note_from_a_customers_connection(world: World) -> None:
    filed = ticket(world)
    with pytest.raises(Exception, match="row-level security"), work_unit(world.actor("ilse").context) as unit:
        Message.objects.create(
            ticket=filed,
            kind="internal",
            body="x",
            author_name="x",
            author_party="customer",
            author_organisation="x",
            channel="portal",
            created_at=unit.now,
        )


def test_somebody_faster_is_shown_and_nothing_is_sent(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "rita", "On it.")
    with pytest.raises(NewerMessage, match="Rita Test wrote before your reply"):
        message(world, filed, "marek", "On it too.", seen_at=filed.reported_at)
    with work_unit(WORKER):
        assert Message.objects.filter(ticket=filed).count() == 1
        assert Event.objects.filter(topic="message.added").count() == 1


def test_ones_own_message_is_not_news(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", "On it.")
    message(world, filed, "marek", "Still on it.", seen_at=filed.reported_at)


def test_a_draft_is_its_writers_own_and_gone_when_sent(world: World) -> None:
    filed = ticket(world)
    marek, rita = world.actor("marek"), world.actor("rita")
    with work_unit(marek.context) as unit:
        keep_draft(actor=marek, ticket=filed, kind="public", body="Half a sen", now=unit.now)
        keep_draft(actor=marek, ticket=filed, kind="internal", body="A note", now=unit.now)
    with work_unit(rita.context):
        assert not ReplyDraft.objects.exists()
    message(world, filed, "marek", "Half a sentence.")
    with work_unit(marek.context):
        assert [draft.kind for draft in ReplyDraft.objects.all()] == ["internal"]


def test_the_desk_answers_before_it_resolves(world: World) -> None:
    filed = ticket(world)
    actor = world.actor("marek")
    message(world, filed, "marek", "note", kind="internal")
    with work_unit(actor.context) as unit:
        begin(actor=actor, ticket=filed, now=unit.now)
    with pytest.raises(Exception, match="only a reply stops it"), work_unit(actor.context) as unit:
        resolve(actor=actor, ticket=filed, now=unit.now)
    assert fresh(filed).response_outcome == "RUNNING"


@pytest.mark.django_db(transaction=True)
def test_of_two_answering_at_once_one_is_told(lasting_world: World) -> None:
    filed, told = ticket(lasting_world), []

    def one(name: str) -> None:
        try:
            message(lasting_world, filed, name, f"{name} answers.", seen_at=filed.reported_at)
        except NewerMessage as refused:
            told.append(refused.message)

    together(lambda: one("marek"), lambda: one("rita"))
    with work_unit(WORKER):
        author = Message.objects.get(ticket=filed).author_name
    assert told == [f"Not sent. {author} wrote before your reply. Read it below, then send or change your text."]
    assert fresh(filed).response_outcome == "MET"
