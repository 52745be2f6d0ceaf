"""Who is mailed about what, and who never is. Each test goes through the deed, the outbox and the handlers."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from notifications.handlers import Mail, mails_in, reason_to_drop, said_of
from notifications.models import Event
from rozoom_support.lib.ui.times import deadline
from sla.models import ClockSegment
from sla.sweeper import sweep_all
from tenancy.context import Context, as_login_role, work_unit
from tenancy.models import Membership, Organisation, Person, Team
from tests.sla.promises import ensure_ladder
from tests.world import IMPACTS, STAFF, World, message, ticket
from tickets.files import check_files
from tickets.models import Channel, Ticket
from tickets.services import Report, assign, file_ticket, make_move, merge

WORKER = Context("worker")
SECRET = {"public": "Zebra-public", "partner": "Zebra-partner", "internal": "Zebra-internal"}


def mails_of(event: Event) -> list[Mail]:
    return mails_in(said_of(event))


def mails(topic: str, on: Ticket | None = None) -> dict[str, Mail]:
    """What the newest event of this topic makes, by the first word of the address."""
    with work_unit(WORKER):
        events = Event.objects.filter(topic=topic)
        event = (events.filter(ticket_id=on.pk) if on else events).order_by("-pk")[0]
        made = mails_of(event)
    found = {mail.to.partition("@")[0]: mail for mail in made}
    assert len(found) == len(made), "the same person was mailed twice"
    return found


def whole(mail: Mail) -> str:
    return f"{mail.subject}\n{mail.text}\n{mail.html}"


def take(world: World, on: Ticket, by: str = "marek", to: str = "") -> None:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        assign(actor=actor, ticket=on, to=world.people[to or by], now=unit.now)


def move(world: World, on: Ticket, name: str, by: str = "marek", **details: Any) -> None:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        make_move(actor=actor, ticket=on, move=name, now=unit.now, **details)


def set_zone(world: World, name: str, zone: str) -> None:
    with work_unit(STAFF), as_login_role():
        Person.objects.filter(pk=world.people[name].person_id).update(preferences={"time_zone": zone})


def leave(world: World, name: str) -> None:
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.people[name].pk).update(is_active=False)


# --- Filed ------------------------------------------------------------------------------------------------------------


def test_the_reporter_gets_number_severity_reason_and_promise(world: World) -> None:
    filed = ticket(world, "ilse", severity=2)
    mail = mails("ticket.filed")["ilse"]
    assert mail.subject == f"[{filed.reference}] Lift 2 stands still"
    assert "Severity 2, because you told us: severe loss of service, no workaround" in mail.text
    assert "does not count as the answer" in mail.text
    assert "(within 4 hours)" in mail.text
    assert f"http://localhost:8000/tickets/{filed.reference}/" in mail.text
    assert mail.to == "ilse@test.example"


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        ("+1 555 010 0199", "Write in the ticket, or call +1 555 010 0199 and say ACME-"),
        ("", "Write in the ticket.\n"),
    ],
)
def test_a_number_is_told_where_there_is_one(world: World, settings: Any, phone: str, said: str) -> None:
    settings.SUPPORT_CONTACT = {"name": "roZoom Support", "phone": phone, "email": "help@test.example"}
    ticket(world, "ilse", severity=2)
    assert said in mails("ticket.filed")["ilse"].text


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe/Berlin", "15:30 CET"), ("America/Chicago", "08:30 CST"), ("Asia/Kolkata", "20:00 IST")],
)
def test_the_promise_stands_in_the_readers_zone(world: World, zone: str, said: str) -> None:
    set_zone(world, "ilse", zone)
    filed = ticket(world, "ilse", severity=1)
    with work_unit(WORKER):
        due = filed.reported_at.replace(month=1, day=15, hour=14, minute=30)
        Ticket.objects.filter(pk=filed.pk).update(response_due_at=due)
    assert f"will answer by 15 Jan {due.year}, {said} (within 1 hour)" in without_weekday(
        mails("ticket.filed")["ilse"].text
    )


def without_weekday(text: str) -> str:
    """'Thu 15 Jan, 15:30' is '15 Jan 2026, 15:30' for a reader in another year."""
    year = re.search(r"by \w{3} (\d+ \w{3}), ", text)
    return text if not year else text.replace(year.group(), f"by {year[1]} {this_year()}, ", 1)


def this_year() -> int:
    with work_unit(STAFF) as unit:
        assert unit.now is not None
        return unit.now.year


def test_severity_1_is_told_to_all_agents_and_severity_2_to_none_of_them(world: World) -> None:
    ticket(world, "ilse", severity=1)
    urgent = mails("ticket.filed")
    assert set(urgent) == {"ilse", "marek", "rita", "dirk"}
    assert urgent["marek"].subject.endswith("New, severity 1: Lift 2 stands still")
    assert "Acme Lifts (served by Delta Reseller)" in urgent["marek"].text
    assert "/desk/tickets/" in urgent["marek"].text
    ticket(world, "ilse", severity=2)
    assert set(mails("ticket.filed")) == {"ilse", "dirk"}


def test_another_reseller_hears_nothing_and_a_direct_customer_has_none(world: World) -> None:
    ticket(world, "bob", severity=3)
    assert set(mails("ticket.filed")) == {"bob", "nils"}
    ticket(world, "sol", severity=3)
    assert set(mails("ticket.filed")) == {"sol"}


def test_a_reseller_without_agents_is_told_through_its_managers(world: World) -> None:
    leave(world, "dirk")
    ticket(world, "ilse", severity=3)
    assert set(mails("ticket.filed")) == {"ilse", "dora"}


def test_doubt_about_the_severity_is_repeated(world: World) -> None:
    ticket(world, "ilse", severity=3, severity_doubt="People are stuck inside")
    assert "“People are stuck inside”. We settle it with you." in mails("ticket.filed")["ilse"].text


# --- Messages ---------------------------------------------------------------------------------------------------------


def test_our_public_reply_goes_to_the_reporter_and_not_to_its_author(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    message(world, filed, "marek", SECRET["public"])
    told = mails("message.added")
    assert set(told) == {"ilse"}
    assert SECRET["public"] in told["ilse"].text
    assert SECRET["public"] in told["ilse"].html
    assert "Marek Test, roZoom, wrote." in told["ilse"].text


def test_a_colleagues_public_reply_goes_to_the_assignee_as_well(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    message(world, filed, "rita", "I help out.")
    assert set(mails("message.added")) == {"ilse", "marek"}


def test_the_customers_message_goes_to_the_assignee(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    message(world, filed, "ilse", "It moves again.")
    told = mails("message.added")
    assert set(told) == {"marek"}
    assert "/desk/tickets/" in told["marek"].text


def test_without_an_owner_the_customers_message_goes_to_the_team_else_to_the_reseller(world: World) -> None:
    filed = ticket(world, "ilse")
    message(world, filed, "ilse", "Is anybody there?")
    assert set(mails("message.added")) == {"dirk"}
    with work_unit(STAFF):
        drives = Team.objects.get(name="Drives")
        drives.members.add(world.rita)
        Ticket.objects.filter(pk=filed.pk).update(team=drives)
    message(world, filed, "ilse", "Hello?")
    assert set(mails("message.added")) == {"rita"}


def test_a_colleague_of_the_reporter_writes_and_the_reporter_is_told(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    message(world, filed, "ana", "I add the log.")
    assert set(mails("message.added")) == {"ilse", "marek"}


def test_a_partner_note_goes_to_reseller_and_owner_never_to_the_customer(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    message(world, filed, "rita", SECRET["partner"], "partner")
    told = mails("message.added")
    assert set(told) == {"dirk", "marek"}
    assert "which the customer does not see" in told["dirk"].text
    message(world, filed, "dirk", SECRET["partner"], "partner")
    assert set(mails("message.added")) == {"marek"}


def test_a_resellers_note_on_a_ticket_nobody_has_reaches_the_desk(world: World) -> None:
    filed = ticket(world, "ilse")
    message(world, filed, "dirk", SECRET["partner"], "partner")
    assert set(mails("message.added")) == {"marek", "rita"}


def test_an_internal_note_goes_to_the_owner_if_somebody_else_wrote_it(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    message(world, filed, "rita", SECRET["internal"], "internal")
    assert set(mails("message.added")) == {"marek"}
    message(world, filed, "marek", SECRET["internal"], "internal")
    assert mails("message.added") == {}


def test_an_internal_note_never_reaches_a_reseller_who_owns_the_ticket(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "dora", to="dirk")
    message(world, filed, "rita", SECRET["internal"], "internal")
    assert mails("message.added") == {}


def test_notes_stand_in_no_mail_to_the_customer_whatever_happens_next(world: World) -> None:
    filed = ticket(world, "ilse", severity=1)
    take(world, filed, "marek")
    message(world, filed, "rita", SECRET["partner"], "partner")
    message(world, filed, "rita", SECRET["internal"], "internal")
    message(world, filed, "marek", SECRET["public"])
    move(world, filed, "resolve", resolution="New relay fitted")
    with work_unit(WORKER):
        made = [mail for event in Event.objects.filter(ticket_id=filed.pk) for mail in mails_of(event)]
    to_customer = [mail for mail in made if mail.to in {"ilse@test.example", "ana@test.example"}]
    to_reseller = [mail for mail in made if mail.to in {"dirk@test.example", "dora@test.example"}]
    assert any(SECRET["public"] in whole(mail) for mail in to_customer)
    assert any(SECRET["partner"] in whole(mail) for mail in to_reseller)
    assert not any(SECRET[kind] in whole(mail) for mail in to_customer for kind in ("partner", "internal"))
    assert not any(SECRET["internal"] in whole(mail) for mail in to_reseller)
    assert any(SECRET["internal"] in whole(mail) and mail.to == "marek@test.example" for mail in made)


def test_an_event_that_names_a_foreign_message_makes_no_mail(world: World) -> None:
    theirs = ticket(world, "bob")
    said = message(world, theirs, "marek", SECRET["public"])
    ours = ticket(world, "ilse")
    message(world, ours, "marek", "Hello.")
    with work_unit(WORKER):
        Event.objects.filter(ticket_id=ours.pk, topic="message.added").update(payload={"message": str(said.pk)})
    assert mails("message.added", on=ours) == {}


def test_an_event_of_one_customer_about_anothers_ticket_makes_no_mail(world: World) -> None:
    theirs = ticket(world, "bob")
    ticket(world, "ilse")
    with work_unit(WORKER):
        Event.objects.filter(customer=world.acme).update(ticket_id=theirs.pk)
        event = Event.objects.get(customer=world.acme)
        assert mails_of(event) == []


def test_files_are_named_not_sent(world: World) -> None:
    filed = ticket(world, "ilse")
    files = check_files([SimpleUploadedFile("door.log", b"12:00 stop\n" * 100)])
    message(world, filed, "marek", "See the file.", files=files)
    assert re.search(r"Files: door\.log \(1\.1\sKB\)", mails("message.added")["ilse"].text)


def test_what_people_write_can_not_become_markup_or_a_header(world: World) -> None:
    filed = ticket(world, "ilse", subject="Door <b>stuck</b>\r\nBcc: eve@evil.example")
    message(world, filed, "marek", "<script>alert(1)</script> **bold**")
    mail = mails("message.added")["ilse"]
    assert "<script>" not in mail.html
    assert "<b>stuck" not in mail.html
    assert "<strong>bold</strong>" in mail.html
    assert not any("\n" in value for value in mail.headers.values())


def test_when_it_waits_for_the_customer_the_mail_says_so(world: World) -> None:
    filed = ticket(world, "ilse")
    message(world, filed, "marek", "Which floor?", then="wait")
    assert "We are waiting for your answer." in mails("message.added")["ilse"].text
    message(world, filed, "marek", "Then it is done.", then="resolve")
    assert "Answer within 14 days" in mails("message.added")["ilse"].text


def test_an_end_says_until_when_an_answer_opens_it_again_in_the_readers_zone(world: World) -> None:
    filed = ticket(world, "ilse")
    message(world, filed, "marek", "Done.", then="resolve")
    move(world, filed, "close")
    with work_unit(WORKER):
        filed = Ticket.objects.get(pk=filed.pk)
    assert filed.closed_at is not None
    written = mails("message.added")["ilse"].text
    closed = mails("ticket.moved")["ilse"].text
    until = deadline(filed.closed_at + timedelta(days=14), "Europe/Berlin", int(filed.closed_at.timestamp() * 1000))
    assert f"Is it not solved? Answer within 14 days, by {until}, and the ticket opens again." in closed
    assert "We are waiting" not in written


def test_who_has_the_ticket_reads_until_when_the_customer_is_to_be_answered(world: World) -> None:
    filed = ticket(world, "ilse")
    message(world, filed, "marek", "Which floor?", then="wait")
    take(world, filed, "marek")
    message(world, filed, "ilse", "The third one.")
    mail = mails("message.added")["marek"]
    assert re.search(r"Our answer is due by \w{3} \d+ \w{3}.*, \d\d:\d\d UTC \(\d", mail.text)
    before, said = mail.text.split("What was written before:")
    assert "The third one." in before
    assert "> Which floor?" in said


def test_a_reporter_who_left_is_stood_in_for_by_the_administrators(world: World) -> None:
    filed = ticket(world, "ilse")
    leave(world, "ilse")
    message(world, filed, "marek", "It is fixed.")
    assert set(mails("message.added")) == {"ana"}


def test_a_former_reseller_is_not_told_about_its_old_customer(world: World) -> None:
    filed = ticket(world, "ilse")
    with work_unit(STAFF):
        Organisation.objects.filter(pk=world.acme.pk).update(reseller=world.nova)
    message(world, filed, "rita", SECRET["partner"], "partner")
    assert set(mails("message.added")) == {"nils"}


# --- Assigned, moved --------------------------------------------------------------------------------------------------


def test_the_new_owner_is_told_and_whoever_takes_it_is_not(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek", to="rita")
    told = mails("ticket.assigned")
    assert set(told) == {"rita"}
    assert f"Marek Test gave you {filed.reference}." in told["rita"].text
    take(world, filed, "marek")
    assert mails("ticket.assigned") == {}


def test_an_owner_of_a_moment_is_not_mailed_about_a_ticket_that_moved_on(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek", to="rita")
    with work_unit(WORKER):
        first = Event.objects.filter(topic="ticket.assigned").order_by("pk")[0]
    take(world, filed, "duty", to="marek")
    with work_unit(WORKER):
        assert mails_of(first) == []


@pytest.mark.parametrize(
    ("name", "details", "said"),
    [
        ("resolve", {"resolution": "New relay fitted"}, ["is solved", "“New relay fitted”", "within 14 days"]),
        ("withdraw", {"reason": "Tested by mistake"}, ["was withdrawn", "“Tested by mistake”"]),
    ],
)
def test_the_reporter_is_told_of_an_end(world: World, name: str, details: dict[str, str], said: list[str]) -> None:
    filed = ticket(world, "ilse")
    message(world, filed, "marek", "On it.")
    move(world, filed, name, **details)
    told = mails("ticket.moved")
    assert set(told) == {"ilse"}
    for words in said:
        assert words in told["ilse"].text


def test_closing_and_opening_again_are_told_and_beginning_is_not(world: World) -> None:
    filed = ticket(world, "ilse")
    message(world, filed, "marek", "On it.")
    move(world, filed, "wait", turn="customer")
    assert mails("ticket.moved") == {}
    move(world, filed, "resolve")
    move(world, filed, "close")
    assert "is closed" in mails("ticket.moved")["ilse"].text
    move(world, filed, "reopen")
    assert "is open again" in mails("ticket.moved")["ilse"].text


def test_what_the_customer_does_itself_is_told_to_the_owner_instead(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    move(world, filed, "withdraw", by="ilse", reason="Found the key")
    assert set(mails("ticket.moved")) == {"marek"}


def test_a_merge_names_where_it_goes_on(world: World) -> None:
    gone, stays = ticket(world, "ilse"), ticket(world, "ilse")
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        merge(actor=actor, ticket=gone, into=stays, now=unit.now)
    assert f"It goes on in {stays.reference}." in mails("ticket.moved")["ilse"].text


# --- Escalated --------------------------------------------------------------------------------------------------------


def unanswered(world: World, hours: float, by: str = "ilse") -> Ticket:
    """Severity 1, reported that long ago by phone; nothing has fired yet."""
    ensure_ladder()
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        return file_ticket(
            actor=world.actor(by),
            customer=Organisation.objects.get(pk=world.people[by].organisation_id),
            report=Report(subject="Lift 2 stands still", description="It stopped.", impact=IMPACTS[1]),
            channel=Channel.PHONE,
            now=unit.now - timedelta(hours=hours),
        )


def fire_each_at_its_time(filed: Ticket) -> None:
    """As if a sweeper had been there all the time."""
    with work_unit(WORKER) as unit, connection.cursor() as cursor:
        running = ClockSegment.objects.filter(ticket_id=filed.pk, next_action_at__lte=unit.now)
        while (segment := running.first()) is not None:
            cursor.execute("SELECT app.fire_levels(ARRAY[%s], %s, false)", [segment.pk, segment.next_action_at])


def escalations(filed: Ticket) -> list[dict[str, Mail]]:
    """The mails of each rung."""
    fire_each_at_its_time(filed)
    with work_unit(WORKER):
        events = Event.objects.filter(topic="sla.escalated", ticket_id=filed.pk).order_by("pk")
        return [{mail.to.partition("@")[0]: mail for mail in mails_of(event)} for event in events]


def test_each_rung_tells_its_roles(world: World) -> None:
    filed = unanswered(world, hours=1.1)
    rungs = escalations(filed)
    assert [set(rung) for rung in rungs] == [{"marek", "rita"}, {"marek", "rita", "dirk"}, {"duty", "dora"}]
    text = rungs[2]["duty"].text
    assert "Acme Lifts was promised the first answer by" in text
    assert "within 1 hour" in text
    assert "is overdue by 6 min" in text
    assert rungs[2]["duty"].subject.startswith(f"[{filed.reference}] Severity 1: overdue by 6 min")


def test_before_the_due_time_it_says_how_much_is_left(world: World) -> None:
    rung = escalations(unanswered(world, hours=0.6))[0]["marek"]
    assert "has no answer yet. 50 % of the promised time is over." in rung.text
    assert re.search(r"Severity 1: 2[34] min left to answer", rung.subject)


def test_the_owner_and_the_lead_are_told_when_there_are_any(world: World) -> None:
    filed = unanswered(world, hours=1.1)
    take(world, filed, "marek", to="rita")
    with work_unit(STAFF):
        Ticket.objects.filter(pk=filed.pk).update(team=Team.objects.get(name="Drives"))
    assert [set(rung) for rung in escalations(filed)] == [{"rita"}, {"duty", "dirk"}, {"duty", "dora"}]


def test_a_ticket_that_a_reseller_has_taken_still_reaches_rozoom(world: World) -> None:
    """Only roZoom's answer keeps the promise."""
    filed = unanswered(world, hours=1.1)
    take(world, filed, "marek", to="dirk")
    assert [set(rung) for rung in escalations(filed)] == [
        {"dirk", "marek", "rita"},
        {"dirk", "marek", "rita"},
        {"duty", "dora"},
    ]


def test_a_ticket_of_a_team_that_a_reseller_has_taken_reaches_the_team(world: World) -> None:
    filed = unanswered(world, hours=1.1)
    take(world, filed, "marek", to="dirk")
    with work_unit(STAFF):
        team = Team.objects.get(name="Drives")
        team.members.add(world.rita)
        Ticket.objects.filter(pk=filed.pk).update(team=team)
    assert [set(rung) for rung in escalations(filed)] == [{"dirk", "rita"}, {"duty", "dirk"}, {"duty", "dora"}]


def test_what_was_noticed_late_says_how_late(world: World) -> None:
    filed = unanswered(world, hours=2)
    sweep_all()
    told = next(rung["marek"] for rung in escalations(filed) if "marek" in rung)
    assert re.search(r"It was noticed 1 h 1[45] min late\.", told.text)


def test_a_direct_customer_has_no_reseller_to_tell(world: World) -> None:
    rungs = escalations(unanswered(world, hours=1.1, by="sol"))
    assert [set(rung) for rung in rungs] == [{"marek", "rita"}, {"marek", "rita"}, {"duty"}]


def test_without_a_duty_manager_the_administrators_are_told(world: World) -> None:
    leave(world, "duty")
    assert set(escalations(unanswered(world, hours=1.1))[2]) == {"adam", "dora"}


def test_an_answer_meanwhile_drops_the_mail(world: World) -> None:
    filed = unanswered(world, hours=1.1)
    mail = escalations(filed)[0]["marek"]
    assert mail.guard is not None
    with work_unit(WORKER):
        assert reason_to_drop(mail.guard) == ""
    message(world, filed, "marek", "We are on our way.")
    with work_unit(WORKER):
        assert "the clock stopped" in reason_to_drop(mail.guard)
    assert escalations(filed)[0] == {}


def test_an_escalation_that_never_fired_makes_no_mail(world: World) -> None:
    filed = ticket(world, "ilse")
    with work_unit(WORKER) as unit:
        segment = ClockSegment.objects.get(ticket_id=filed.pk)
        event = Event.objects.create(
            topic="sla.escalated",
            customer=world.acme,
            reseller=world.delta,
            ticket_id=filed.pk,
            payload={"segment": segment.pk, "level": 1, "recipients": ["duty_manager"]},
            created_at=unit.now,
            next_at=unit.now,
        )
        assert mails_of(event) == []


# --- Every mail -------------------------------------------------------------------------------------------------------


def test_mails_of_one_ticket_are_one_thread_and_no_machine_answers(world: World) -> None:
    filed = ticket(world, "ilse", severity=1)
    message(world, filed, "marek", "On it.")
    message(world, filed, "ilse", "Good.")
    with work_unit(WORKER):
        made = [mail for event in Event.objects.filter(ticket_id=filed.pk) for mail in mails_of(event)]
    assert len(made) >= 4
    assert {mail.headers["References"] for mail in made} == {f"<ticket.{filed.reference.lower()}@rozoom.example>"}
    assert {mail.headers["In-Reply-To"] for mail in made} == {f"<ticket.{filed.reference.lower()}@rozoom.example>"}
    assert {mail.headers["X-Auto-Response-Suppress"] for mail in made} == {"All"}
    assert all(mail.html.startswith("<!DOCTYPE html>\n<html lang=") for mail in made)


def test_people_without_access_get_nothing(world: World) -> None:
    filed = ticket(world, "ilse")
    take(world, filed, "marek")
    with work_unit(STAFF), as_login_role():
        Person.objects.filter(pk=world.marek.person_id).update(is_active=False)
    message(world, filed, "ilse", "Hello?")
    assert "marek" not in mails("message.added")


def test_a_reporter_who_is_also_an_agent_of_the_reseller_is_mailed_once(world: World) -> None:
    actor = world.actor("dirk")
    with work_unit(actor.context) as unit:
        file_ticket(
            actor=actor,
            customer=Organisation.objects.get(pk=world.acme.pk),
            report=Report(subject="Door", description="Stuck", impact=IMPACTS[1]),
            channel=Channel.PHONE,
            now=unit.now,
        )
    told = mails("ticket.filed")
    assert set(told) == {"dirk", "marek", "rita"}
    assert "We have your ticket" in told["dirk"].text
