"""Who is told what about a ticket and about a proposed severity: in the app, and by mail where it can not wait."""

from datetime import timedelta
from typing import Any

from notifications.delivery import deliver
from notifications.expansion import expand
from notifications.models import Event
from tenancy.context import work_unit
from tests.notifications.conftest import mail_server
from tests.notifications.outbox import WORKER, mails
from tests.notifications.test_notices import bell, lines, made
from tests.sla.promises import reported
from tests.tickets.test_severity_agreement import answer, propose
from tests.world import World, message, ticket
from tickets.emails.lines import NOTES
from tickets.models import MessageKind, Ticket
from tickets.services import assign, expire_proposal, withdraw_proposal

__all__ = ["mail_server"]
SECRET = "Zebra-4711"


# What is told of a ticket


def test_words_of_notes_reach_nobody_in_a_notice(world: World) -> None:
    filed = ticket(world, subject="Lift 2")
    give(world, filed, "marek")
    for kind in ("internal", "partner", "public"):
        message(world, filed, "rita", SECRET, kind=kind)
    message(world, filed, "dirk", SECRET, kind="partner")
    expand(seconds=5)
    everything = made()
    assert not [one for one in everything if SECRET in f"{one.title}{one.detail}{one.path}"]
    internal = [one for one in everything if "internal" in one.title]
    assert internal
    assert {one.party for one in internal} == {"operator"}
    assert {one.party for one in everything if "partner" in one.title} == {"operator", "reseller"}
    assert lines(world, "message.added")["ilse"] == "Rita Test wrote"


def give(world: World, filed: Ticket, to: str) -> None:
    actor = world.actor("duty")
    with work_unit(actor.context) as unit:
        assign(actor=actor, ticket=filed, to=world.people[to], now=unit.now)


def test_who_did_it_is_not_told_and_whoever_gets_it_is(world: World) -> None:
    filed = ticket(world, severity=1)
    expand(seconds=5)
    assert lines(world, "ticket.filed") == dict.fromkeys(("marek", "rita", "dirk"), "New, severity 1, from Acme Lifts")
    give(world, filed, "marek")
    message(world, filed, "marek")
    expand(seconds=5)
    assert lines(world, "ticket.assigned") == {"marek": "Duty Test gave you this ticket"}
    assert lines(world, "message.added") == {"ilse": "Marek Test wrote"}
    assert {one.path for one in made("message.added")} == {f"/tickets/{filed.reference}/"}
    assert {one.path for one in made("ticket.assigned")} == {f"/desk/tickets/{filed.reference}/"}


# Severity


def whole(topic: str) -> dict[str, str]:
    """The mails of a topic by the first word of their address."""
    with work_unit(WORKER):
        keys = list(Event.objects.filter(topic=topic).values_list("pk", flat=True))
    return {one.recipient.partition("@")[0]: f"{one.subject}\n{one.text}" for one in mails() if one.event_id in keys}


def test_who_is_asked_hears_who_wants_what_why_and_what_it_would_change(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    propose(world, "marek", filed, 2, "It works by hand again.")
    expand(seconds=5)
    assert lines(world, "severity.proposed") == dict.fromkeys(
        ("ilse", "dirk"), "Marek Test, roZoom, suggests severity 2 instead of 1. Your answer is awaited"
    )
    sent = whole("severity.proposed")
    assert set(sent) == {"ilse", "dirk"}
    for words in (
        f"[{filed.reference}] Severity 2 proposed: Lift 2 stands still",
        "Marek Test, roZoom, suggests severity 2 instead of 1.",
        "The reason: “It works by hand again.”",
        "You, Delta Reseller and roZoom must all agree.",
        "Until then severity 1 stays, and our answer is due by",
        "If all agree, our answer is due by",
        "instead.",
        f"/tickets/{filed.reference}/",
    ):
        assert words in sent["ilse"]
    assert "You, Acme Lifts and roZoom must all agree." in sent["dirk"]
    assert f"/desk/tickets/{filed.reference}/" in sent["dirk"]


def test_a_raise_says_within_how_long_and_never_later(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=3)
    propose(world, "ilse", filed, 1, "The line stands still.")
    expand(seconds=5)
    sent = whole("severity.proposed")
    assert set(sent) == {"dirk", "marek", "rita"}
    assert "If all agree, our answer is due within 1 hour of that, and never later than" in sent["marek"]


def test_without_a_reseller_two_must_both_agree(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=2, by="sol")
    message(world, filed)
    propose(world, "marek", filed, 3)
    expand(seconds=5)
    sent = whole("severity.proposed")
    assert set(sent) == {"sol"}
    assert "You and roZoom must both agree." in sent["sol"]
    assert "No answer is due now, so no promise changes." in sent["sol"]


def test_one_answer_of_two_is_told_in_the_app_and_mails_nobody_again(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    propose(world, "marek", filed, 2)
    expand(seconds=5)
    answer(world, "ilse", filed)
    expand(seconds=5)
    assert lines(world, "severity.answered") == {
        "dirk": "Ilse Test agrees to severity 2. Your answer is awaited",
        "marek": "Ilse Test agrees to severity 2. Waiting for Delta Reseller",
    }
    assert whole("severity.answered") == {}
    settled = {one.person_id: one.settled for one in made("severity.proposed")}
    assert settled == {world.ilse.person_id: "Answered meanwhile", world.dirk.person_id: ""}


def test_the_last_agreement_is_told_to_all_who_took_part(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    propose(world, "marek", filed, 2)
    answer(world, "ana", filed)
    expand(seconds=5)
    answer(world, "dirk", filed)
    expand(seconds=5)
    assert lines(world, "severity.agreed") == dict.fromkeys(("marek", "ana", "ilse"), "All agree: severity 2")
    sent = whole("severity.agreed")
    assert set(sent) == {"marek", "ana", "ilse"}
    assert "All agree: severity 2." in sent["ana"]
    assert "Our answer is due by" in sent["ana"]
    assert {one.settled for one in made("severity.proposed")} <= {"Answered meanwhile", "All agreed meanwhile"}
    assert bell(world.client("dirk")) == bell(world.client("dirk"), "/desk/")


def test_an_objection_and_its_reason_reach_those_who_spoke(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    propose(world, "marek", filed, 3)
    answer(world, "ilse", filed, agrees=False, reason="People are stuck inside.")
    expand(seconds=5)
    assert lines(world, "severity.objected") == {"marek": "Ilse Test does not agree to severity 3"}
    sent = whole("severity.objected")["marek"]
    assert "The reason: “People are stuck inside.”" in sent
    assert "The severity stays 1, and so does the promise." in sent
    assert lines(world, "severity.proposed") == {}  # over before anybody was told: asked of nobody


def test_a_proposal_taken_back_settles_what_asked_for_an_answer(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    propose(world, "ilse", filed, 2)
    expand(seconds=5)
    asked = lines(world, "severity.proposed")
    assert set(asked) == {"dirk", "marek", "rita"}
    actor = world.actor("ana")
    with work_unit(actor.context) as unit:
        withdraw_proposal(actor=actor, ticket=filed, number=1, now=unit.now)
    assert {one.settled for one in made("severity.proposed")} == {"The proposal ended meanwhile"}
    expand(seconds=5)
    assert lines(world, "severity.withdrawn") == {"ilse": "The proposal of severity 2 was taken back"}


def test_silence_is_told_to_who_proposed(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    proposal = propose(world, "marek", filed, 2)
    actor = world.actor("adam")
    with work_unit(WORKER):
        expire_proposal(actor=actor.system("test"), ticket=filed, now=proposal.expires_at)
    expand(seconds=5)
    assert lines(world, "severity.expired") == {"marek": "Not everybody answered the proposal of severity 2"}
    assert "Not everybody answered the proposal of severity 2 in time." in whole("severity.expired")["marek"]


def test_a_mail_about_a_proposal_that_ended_is_not_sent(world: World, mail_server: Any) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    propose(world, "marek", filed, 2)
    expand(seconds=5)
    answer(world, "ilse", filed, agrees=False, reason="No.")
    deliver(seconds=10)
    assert not [one for one in mail_server.mails if "proposed:" in str(one)]
    dropped = [one for one in mails() if one.state == "DROPPED"]
    assert {one.recipient for one in dropped} == {"ilse@test.example", "dirk@test.example"}
    assert {one.last_error for one in dropped} == {"the proposal is over: not agreed"}


def test_another_reseller_hears_of_no_proposal(world: World) -> None:
    filed = reported(world, timedelta(minutes=30), severity=1)
    propose(world, "ilse", filed, 2)
    answer(world, "dirk", filed)
    answer(world, "marek", filed)
    expand(seconds=10)
    names = {(one.person_id, one.organisation_id) for one in made()}
    strangers = {(world.people[name].person_id, world.people[name].organisation_id) for name in ("nils", "bob", "sol")}
    assert not names & strangers


def test_kinds_of_messages_all_have_words() -> None:
    assert set(NOTES) == set(MessageKind)
