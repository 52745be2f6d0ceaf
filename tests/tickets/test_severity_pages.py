"""P5 in pages: what the panel says, who may do what on it, and that nothing is done twice or on what was not seen."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from notifications.models import Event
from sla.models import ClockSegment
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent, Organisation
from tests.portal.walking import follow, form_on, send, text_of, title_of
from tests.sla.promises import reported
from tests.tickets.test_severity_agreement import answer, fresh, propose
from tests.together import together
from tests.world import World, message, ticket
from tickets import expiring
from tickets.expiring import expire_due
from tickets.models import SeverityAnswer, SeverityProposal, Ticket
from tickets.services import expire_proposal
from tickets.tasks import expire_proposals

WORKER = Context("worker")
HOUR = timedelta(hours=1)
PANEL = "/severity/ACME-1/"


def proposals() -> list[SeverityProposal]:
    with work_unit(WORKER):
        return list(SeverityProposal.objects.order_by("number"))


def answers() -> list[tuple[str, bool]]:
    with work_unit(WORKER):
        return list(SeverityAnswer.objects.order_by("id").values_list("party", "agrees"))


def make_overdue() -> None:
    """As if a day had passed."""
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute("UPDATE tickets_severityproposal SET expires_at = expires_at - interval '25 hours'")


def agree(client: Any, page: Any) -> Any:
    """Press the button, and on the page that asks, press it again."""
    asked = send(client, page, "agrees", agrees="yes")
    return send(client, asked, "confirmed") if asked.status_code == 200 else asked


def object_to(client: Any, page: Any, reason: str) -> Any:
    """Fill in and send the form below "I do not agree"."""
    shown = page.context["panel"].proposal
    sent = {
        "agrees": "no",
        "version": shown.version,
        "reason": reason,
        "form_token": form_on(page)["fields"]["form_token"],
    }
    return client.post(f"{PANEL}{shown.number}/answer/", sent)


# --- what it says -----------------------------------------------------------------------------------------------------


def test_the_panel_of_a_provisional_severity(world: World) -> None:
    ticket(world, severity=2)
    words = text_of(world.client("ilse").get(PANEL))
    assert "Severity 2" in words
    assert "Provisional since the report, today" in words
    assert "Customer, reseller and roZoom must all agree." in words


def test_a_row_for_each_party_says_who_agreed_and_who_is_awaited(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2, "It works by hand again.")
    answer(world, "dirk", filed)
    words = text_of(world.client("ilse").get(PANEL))
    assert "Marek Test, roZoom, proposes" in words
    assert "“It works by hand again.”" in words
    assert "Customer, Acme Lifts Waiting" in words
    assert "Reseller, Delta Reseller Agreed, Dirk Test, today" in words
    assert "roZoom Agreed, Marek Test, today" in words
    assert "Without an answer it expires by" in words


def test_lowering_names_the_later_time_and_what_stays_until_then(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    shown = world.client("ilse").get(PANEL).context["panel"].proposal
    assert shown.effect.due_at == filed.reported_at + 4 * HOUR
    assert shown.effect.instead_of == filed.response_due_at
    assert shown.effect_words.startswith("If all agree, the first answer is due by ")
    assert " instead of " in shown.effect_words
    assert "Until then the promise stays " in shown.effect_words


def test_raising_counts_from_now_and_says_so(world: World) -> None:
    filed = ticket(world, severity=3)
    propose(world, "ilse", filed, 1)
    shown = world.client("marek").get(PANEL).context["panel"].proposal
    assert shown.effect_words.startswith("If all agree now, the first answer is due by ")
    assert not shown.effect.is_longer


def test_without_a_promise_no_time_is_named(world: World) -> None:
    filed = ticket(world, severity=1)
    message(world, filed, "marek")
    propose(world, "marek", filed, 3)
    assert "No promise runs now, so no answer time changes." in text_of(world.client("ilse").get(PANEL))


def test_a_late_promise_is_said_to_stay_late(world: World) -> None:
    filed = reported(world, 2 * HOUR, severity=1)
    propose(world, "marek", filed, 2)
    assert "That it is late stays on record, whatever is agreed." in text_of(world.client("ilse").get(PANEL))


def test_without_a_reseller_there_are_two_rows_and_a_line_that_says_so(world: World) -> None:
    filed = ticket(world, "sol", severity=2)
    propose(world, "marek", filed, 3)
    page = world.client("sol").get("/severity/SOLO-1/")
    assert [row.party for row in page.context["panel"].proposal.rows] == ["customer", "operator"]
    assert "No reseller has a part in this" in text_of(page)


def test_what_ended_is_told_with_name_reason_and_time(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 3, "By hand.")
    answer(world, "ilse", filed, agrees=False, reason="Nobody can work.")
    page = world.client("dirk").get(PANEL)
    assert (
        "Severity 3, proposed by Marek Test, roZoom: “By hand.” Ilse Test did not agree: “Nobody can work.”"
        in text_of(page)
    )
    assert page.context["panel"].proposal is None
    for who, path in (("ilse", "/tickets/ACME-1/"), ("marek", "/desk/tickets/ACME-1/")):
        words = text_of(world.client(who).get(path))
        assert "Marek Test proposed severity 3 instead of 1: “By hand.”" in words
        assert "Ilse Test does not agree to severity 3: “Nobody can work.”" in words


def test_an_overdue_proposal_is_over_before_the_job_ran(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    make_overdue()
    panel = world.client("ilse").get(PANEL).context["panel"]
    assert (panel.proposal, panel.may_answer) == (None, False)
    assert panel.ended[0].words == "Nobody answered in time."


# --- on the ticket's page ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "path"), [("ilse", "/tickets/ACME-1/"), ("dirk", "/desk/tickets/ACME-1/")])
def test_who_is_awaited_is_asked_on_the_tickets_page(world: World, who: str, path: str) -> None:
    filed = ticket(world, severity=1)
    client = world.client(who)
    assert "Propose another severity" in text_of(client.get(path))
    propose(world, "marek", filed, 2)
    page = client.get(path)
    assert f'<a class="btn btn-s" href="{PANEL}">Answer the proposal</a>' in page.content.decode()
    answer(world, who, filed)
    page = client.get(path)
    assert "Answer the proposal" not in text_of(page)
    assert "Severity 2 is proposed by Marek Test, roZoom. Waiting for" in text_of(page)


# --- proposing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ilse", "dirk", "marek"])
def test_each_party_proposes(world: World, who: str) -> None:
    ticket(world, severity=2)
    client = world.client(who)
    after = follow(client, send(client, client.get(PANEL), "reason", to="1", reason="The line stands still."))
    assert "Severity 1 is proposed. Waiting for" in text_of(after)
    assert [(one.by_party, one.to_severity) for one in proposals()] == [(world.actor(who).party, 1)]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"reason": "x"}, '<a href="#propose_to_0">Choose severity 1, 2 or 3</a>'),
        ({"to": "4", "reason": "x"}, '<a href="#propose_to_0">Choose severity 1, 2 or 3</a>'),
        ({"to": "1"}, '<a href="#propose_reason">Say why, so that the others can agree.</a>'),
        ({"to": "1", "reason": "x" * 1001}, '<a href="#propose_reason">Say it in at most 1000 characters.</a>'),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    world: World, sent: dict[str, str], error: str
) -> None:
    ticket(world, severity=2)
    client = world.client("ilse")
    refused = send(client, client.get(PANEL), "reason", **sent)
    assert (refused.status_code, title_of(refused)[:6]) == (422, "Error:")
    assert error in refused.content.decode()
    assert form_on(refused, "reason")["fields"]["reason"].strip() == sent.get("reason", "")
    assert proposals() == []


def test_an_agreed_severity_is_not_proposed_again(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    answer(world, "ilse", filed)
    answer(world, "dirk", filed)
    client = world.client("ilse")
    refused = send(client, client.get(PANEL), "reason", to="2", reason="x")
    assert refused.status_code == 422
    assert "Severity 2 is agreed already. Choose another one." in text_of(refused)


def test_sent_twice_is_one_proposal(world: World) -> None:
    ticket(world, severity=2)
    client = world.client("ilse")
    page = client.get(PANEL)
    first, second = (send(client, page, "reason", to="1", reason="It stands.") for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert len(proposals()) == 1


def test_an_ended_ticket_offers_nothing_and_keeps_what_was_typed(world: World) -> None:
    filed = ticket(world, severity=2)
    client = world.client("ilse")
    page = client.get(PANEL)
    message(world, filed, "marek", "Done", then="resolve")
    refused = send(client, page, "reason", to="1", reason="It stands still.")
    assert refused.status_code == 409
    words = refused.content.decode()
    assert "This ticket is resolved. Its severity changes no more." in words
    assert "It stands still." in words
    assert not refused.context["panel"].may_propose


# --- answering --------------------------------------------------------------------------------------------------------


def test_agreeing_to_wait_longer_is_asked_first(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    client = world.client("ilse")
    asked = send(client, client.get(PANEL), "agrees", agrees="yes")
    assert asked.status_code == 200
    words = text_of(asked)
    assert "Agree to severity 2?" in words
    assert "Your first answer may then come at " in words
    assert "Keep severity 1" in words
    assert answers() == [("operator", True)]
    after = follow(client, send(client, asked, "confirmed"))
    assert "You agreed. Waiting for Delta Reseller." in text_of(after)
    assert answers() == [("operator", True), ("customer", True)]


def test_agreeing_to_be_answered_sooner_is_not_asked_twice(world: World) -> None:
    filed = ticket(world, severity=3)
    propose(world, "ilse", filed, 1)
    client = world.client("dirk")
    assert send(client, client.get(PANEL), "agrees", agrees="yes").status_code == 302


def test_the_last_agreement_changes_severity_and_promise(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    answer(world, "dirk", filed)
    client = world.client("ilse")
    after = follow(client, agree(client, client.get(PANEL)))
    assert "Severity is now 2. Answer due " in text_of(after)
    assert fresh(filed).clock_due_at == filed.reported_at + 4 * HOUR


def test_objecting_needs_a_reason_and_ends_it(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 3)
    client = world.client("ilse")
    page = client.get(PANEL)
    refused = object_to(client, page, "")
    assert refused.status_code == 422
    assert '<a href="#object_reason">Say why you do not agree.</a>' in refused.content.decode()
    assert len(answers()) == 1
    after = follow(client, object_to(client, page, "Nobody can work."))
    assert "You did not agree. The severity stays 1." in text_of(after)
    assert [one.state for one in proposals()] == ["OBJECTED"]


def test_an_answer_to_what_was_not_seen_is_refused_with_the_new_state(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    client = world.client("ilse")
    page = client.get(PANEL)
    answer(world, "dirk", filed)
    refused = object_to(client, page, "Nobody can work.")
    assert (refused.status_code, title_of(refused)[:6]) == (409, "Error:")
    words = refused.content.decode()
    assert "This proposal changed meanwhile." in words
    assert "Agreed, Dirk Test" in words
    assert "Nobody can work." in words
    assert len(answers()) == 2
    # Sent again from the page that shows the new state, it counts.
    assert object_to(client, refused, "Nobody can work.").status_code == 302


def test_a_stale_agreement_is_refused_before_anything_is_asked(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    client = world.client("ilse")
    page = client.get(PANEL)
    propose(world, "marek", filed, 3)
    refused = send(client, page, "agrees", agrees="yes")
    assert refused.status_code == 409
    assert "Proposed: severity 3" in text_of(refused)
    assert [one.state for one in proposals()] == ["REPLACED", "OPEN"]


def test_a_confirmation_counts_for_the_time_that_was_shown(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    client = world.client("ilse")
    asked = send(client, client.get(PANEL), "agrees", agrees="yes")
    again = send(client, asked, "confirmed", confirmed="2020-01-01T00:00:00+00:00")
    assert again.status_code == 200
    assert "Agree to severity 2?" in text_of(again)
    assert len(answers()) == 1


def test_agreeing_twice_is_one_answer(world: World) -> None:
    filed = ticket(world, severity=3)
    propose(world, "ilse", filed, 1)
    client = world.client("dirk")
    page = client.get(PANEL)
    assert [send(client, page, "agrees", agrees="yes").status_code for _ in range(2)] == [302, 302]
    assert answers() == [("customer", True), ("reseller", True)]


def test_after_expiry_nothing_is_recorded(world: World) -> None:
    filed = ticket(world, severity=3)
    propose(world, "ilse", filed, 1)
    client = world.client("dirk")
    page = client.get(PANEL)
    make_overdue()
    refused = send(client, page, "agrees", agrees="yes")
    assert refused.status_code == 409
    assert "This proposal expired without an answer." in text_of(refused)
    assert len(answers()) == 1


def test_only_who_proposed_takes_it_back(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "ilse", filed, 2)
    other = world.client("dirk")
    assert "Take it back" not in text_of(other.get(PANEL))
    assert other.post(f"{PANEL}1/withdraw/", {"version": "1"}).status_code == 403
    assert [one.state for one in proposals()] == ["OPEN"]
    client = world.client("ana")
    page = client.get(PANEL)
    form = form_on(page, "version")
    assert form["action"] == f"{PANEL}1/withdraw/"
    after = follow(client, send(client, page, "version"))
    assert "You took it back. The severity stays 1." in text_of(after)
    assert [one.state for one in proposals()] == ["WITHDRAWN"]


# --- who may ----------------------------------------------------------------------------------------------------------


def test_strangers_find_nothing(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "ilse", filed, 2)
    for who in ("bob", "nils", "sam"):
        client = world.client(who)
        assert client.get(PANEL).status_code == 404
        assert client.post(f"{PANEL}propose/", {"to": "3", "reason": "x"}).status_code == 404
        assert client.post(f"{PANEL}1/answer/", {"agrees": "yes", "version": "1"}).status_code == 404
        assert client.post(f"{PANEL}1/withdraw/", {"version": "1"}).status_code == 404
    assert len(answers()) == 1


def test_finance_reads_and_may_not_answer(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "ilse", filed, 2)
    client = world.client("fin")
    page = client.get(PANEL)
    assert page.status_code == 200
    assert not page.context["panel"].may_answer
    assert client.post(f"{PANEL}1/answer/", {"agrees": "yes", "version": "1"}).status_code == 404


def test_an_address_of_a_form_leads_back_to_the_panel(world: World) -> None:
    filed = ticket(world, severity=1)
    propose(world, "ilse", filed, 2)
    client = world.client("ilse")
    for path in ("propose/", "1/answer/", "1/withdraw/"):
        assert client.get(f"{PANEL}{path}")["Location"] == PANEL
    assert client.get("/severity/acme-1/")["Location"] == PANEL


def test_an_unknown_number_is_not_there(world: World) -> None:
    ticket(world, severity=1)
    assert world.client("ilse").post(f"{PANEL}7/answer/", {"agrees": "yes", "version": "1"}).status_code == 404


# --- standing consent -------------------------------------------------------------------------------------------------


def test_a_reseller_consents_to_raises_beforehand(world: World) -> None:
    client = world.client("dora")
    page = client.get("/severity/consent/")
    assert "A lower severity is never covered" in text_of(page)
    after = follow(client, send(client, page, "consents"))
    assert "Standing consent is on." in text_of(after)
    filed = ticket(world, severity=3)
    propose(world, "ilse", filed, 1)
    words = text_of(world.client("marek").get(PANEL))
    assert "Reseller, Delta Reseller Agrees to every raise (standing consent)" in words
    assert "Standing consent is off." in text_of(follow(client, send(client, after, "consents")))
    with work_unit(WORKER):
        assert not Organisation.objects.get(pk=world.delta.pk).consents_to_raises
        told = AuditEvent.objects.filter(chain=f"organisation:{world.delta.pk}", verb__startswith="severity.")
        assert [(one.verb, one.actor_name) for one in told.order_by("seq")] == [
            ("severity.consent_given", "Dora Test"),
            ("severity.consent_ended", "Dora Test"),
        ]


def test_sent_twice_the_consent_is_noted_once(world: World) -> None:
    client = world.client("dora")
    for _ in range(2):
        assert client.post("/severity/consent/", {"consents": "yes"}).status_code == 302
    with work_unit(WORKER):
        assert AuditEvent.objects.filter(verb="severity.consent_given").count() == 1
        assert Organisation.objects.filter(consents_to_raises=True).count() == 1


@pytest.mark.parametrize("who", ["ilse", "ana", "dirk", "marek", "adam", "sam"])
def test_only_managers_of_resellers_consent(world: World, who: str) -> None:
    client = world.client(who)
    assert client.get("/severity/consent/").status_code == 404
    assert client.post("/severity/consent/", {"consents": "yes"}).status_code == 404
    with work_unit(WORKER):
        assert not Organisation.objects.filter(consents_to_raises=True).exists()


# --- the job ----------------------------------------------------------------------------------------------------------


def test_the_job_ends_what_nobody_answered_once(world: World) -> None:
    early, late = ticket(world, severity=1), ticket(world, severity=1)
    propose(world, "ilse", early, 2)
    make_overdue()
    propose(world, "ilse", late, 2)
    assert (expire_due(), expire_due()) == (1, 0)
    with work_unit(WORKER):
        found = SeverityProposal.objects.get(ticket=early)
        assert (found.state, found.ended_at) == ("EXPIRED", found.expires_at)
        assert SeverityProposal.objects.get(ticket=late).state == "OPEN"
        [event] = AuditEvent.objects.filter(verb="severity.expired")
        assert (event.actor_kind, event.actor_name, event.chain) == ("system", "severity", early.chain)
    assert (fresh(early).severity, fresh(early).severity_state) == (1, "provisional")


def test_one_that_fails_does_not_hold_up_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ticket(world, severity=1), ticket(world, severity=1)
    propose(world, "ilse", first, 2)
    propose(world, "ilse", second, 2)
    make_overdue()

    def fails_for_the_first(*, ticket: Ticket, **more: Any) -> Any:
        if ticket.pk == first.pk:
            raise OperationalError("a lock that nobody gives")
        return expire_proposal(ticket=ticket, **more)

    monkeypatch.setattr(expiring, "expire_proposal", fails_for_the_first)
    assert expire_due() == 1
    with work_unit(WORKER):
        assert SeverityProposal.objects.get(ticket=first).state == "OPEN"
        assert SeverityProposal.objects.get(ticket=second).state == "EXPIRED"


def test_two_jobs_at_once_end_each_once(lasting_world: World) -> None:
    world = lasting_world
    waiting = [ticket(world, severity=1) for _ in range(8)]
    for one in waiting:
        propose(world, "ilse", one, 2)
    make_overdue()

    def expire_first() -> bool:
        """Waits for the lock instead of leaving the ticket to the other."""
        with work_unit(WORKER) as unit:
            assert unit.now
            return expire_proposal(actor=expiring.EXPIRER, ticket=waiting[0], now=unit.now) is not None

    ended = together(expire_first, expire_first, expire_due, expire_due)
    assert sum(ended) + expire_due() == len(waiting)  # one that was held is left for the next round
    with work_unit(WORKER):
        assert set(SeverityProposal.objects.values_list("state", flat=True)) == {"EXPIRED"}
        told = AuditEvent.objects.filter(verb="severity.expired").values_list("chain", flat=True)
        assert sorted(told) == sorted(one.chain for one in waiting)
        assert Event.objects.filter(topic="severity.expired").count() == len(waiting)
        clocks = ClockSegment.objects.filter(kind="PROPOSAL").values_list("outcome", flat=True)
        assert list(clocks) == ["CANCELLED"] * len(waiting)


def test_beat_asks_for_it() -> None:
    assert expire_proposals.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
