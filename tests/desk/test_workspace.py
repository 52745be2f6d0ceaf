"""The page of one ticket: what stands there, who reads what, and what the poll changes in it."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenancy.context import work_unit
from tests.desk.reading import HTMX, attribute, clock, filed_ago, fresh, hidden, stored, text
from tests.world import World, message, ticket
from tickets.files import check_files
from tickets.models import MessageKind, Ticket
from tickets.services import keep_draft, make_move

INTERNAL, PARTNER, PUBLIC = "XINTERNALX", "XPARTNERX", "XPUBLICX"


@pytest.fixture
def talked(world: World) -> Ticket:
    """A ticket with one message of each kind, each with a file, and a draft of each kind by Marek."""
    filed = ticket(world, component=world.components["acme"], severity_doubt="We think it is worse.")
    for kind, words in (("public", PUBLIC), ("partner", PARTNER), ("internal", INTERNAL)):
        file = SimpleUploadedFile(f"{words.lower()}-file.txt", b"measured", "text/plain")
        message(world, filed, body=f"About {words}", kind=kind, files=check_files([file]))
        actor = world.actor("marek")
        with work_unit(actor.context) as unit:
            keep_draft(actor=actor, ticket=filed, kind=MessageKind(kind), body=f"draft {words}", now=unit.now)
    return filed


def url(filed: Ticket, more: str = "") -> str:
    return f"/desk/tickets/{filed.reference}/{more}"


def test_each_kind_of_message_names_its_readers(world: World, talked: Ticket) -> None:
    page = text(world.client("marek").get(url(talked)))
    assert "Internal note — roZoom staff only" in page
    assert "Partner note — roZoom and Delta Reseller, not the customer" in page
    assert "Acme Lifts, Delta Reseller and roZoom read this" in page
    order = [page.index(words) for words in ("It stopped between floors.", PUBLIC, PARTNER, INTERNAL)]
    assert order == sorted(order)


def test_the_facts_stand_beside_it(world: World, talked: Ticket) -> None:
    page = text(world.client("marek").get(url(talked)))
    component = world.components["acme"]
    for fact in (component.product.name, component.serial, "Acme Lifts main site", "(Europe/Berlin)", "Delta Reseller"):
        assert fact in page
    for fact in ("ilse@test.example", "We think it is worse.", "No workaround", "severe loss of service"):
        assert fact in page


def test_earlier_tickets_of_the_component_are_linked(world: World, talked: Ticket) -> None:
    other = ticket(world, subject="Same thing in spring", component=world.components["acme"])
    ticket(world, subject="Another component")
    page = text(world.client("marek").get(url(talked)))
    facts = page.partition("Earlier with this component")[2]
    assert f"/desk/tickets/{other.reference}/" in facts
    assert "Another component" not in facts


def test_the_history_tells_every_deed(world: World, talked: Ticket) -> None:
    page = text(world.client("marek").get(url(talked))).partition("<h2>History</h2>")[2]
    for words in ("Ilse Test reported it: severity 2", "Marek Test replied", "Marek Test wrote an internal note"):
        assert words in page
    assert "Marek Test wrote an internal note" not in text(world.client("dirk").get(url(talked)))


# Who reads what


@pytest.mark.parametrize(
    "path", ["", "?compose=public", "?compose=partner", "?older=1", "live/?version=0", "live/?show=1", "why/"]
)
def test_a_reseller_reads_partner_notes_and_never_internal_ones(world: World, talked: Ticket, path: str) -> None:
    response = world.client("dirk").get(url(talked, path), headers=HTMX if "live" in path else {})
    page = text(response)
    assert response.status_code == 200
    for secret in (INTERNAL, INTERNAL.lower(), "internal note", "Internal note", "draft X"):
        assert secret not in page
    if path in ("", "?compose=public", "live/?show=1"):
        assert PARTNER in page


@pytest.mark.parametrize(
    "path", ["", "?compose=public", "live/?version=0", "live/?show=1", "why/", "assign/", "merge/"]
)
def test_customers_and_other_resellers_find_nothing(world: World, talked: Ticket, path: str) -> None:
    for who in ("ilse", "ana", "nils", "bob"):
        response = world.client(who).get(url(talked, path))
        assert response.status_code == 404
        assert not any(secret in text(response) for secret in (INTERNAL, PARTNER, PUBLIC, talked.subject))


def test_the_customers_own_page_shows_no_note(world: World, talked: Ticket) -> None:
    page = text(world.client("ilse").get(f"/tickets/{talked.reference}/"))
    assert PUBLIC in page
    assert not any(secret in page for secret in (INTERNAL, PARTNER, INTERNAL.lower(), PARTNER.lower()))


def test_a_reseller_gets_no_sign_of_an_internal_note(world: World, talked: Ticket) -> None:
    client = world.client("dirk")

    def seen() -> list[str]:
        """Every time on the page: of messages, of deeds, of the last change."""
        return re.findall(r'<time datetime="([^"]*)"', text(client.get(url(talked))))

    before = seen()
    message(world, talked, body="again", kind="internal")
    assert seen() == before
    message(world, talked, body="again", kind="partner")
    assert len(seen()) > len(before)
    sent = {"version": "0", "seen": clock().isoformat()}
    message(world, talked, body="again", kind="internal")
    assert "new message" not in text(client.get(url(talked, "live/"), sent, headers=HTMX))


# Writing


def test_nothing_can_be_typed_until_a_kind_is_chosen(world: World, talked: Ticket) -> None:
    page = text(world.client("marek").get(url(talked)))
    assert "<textarea" not in page
    for kind, key in (("public", "r"), ("internal", "n"), ("partner", "p")):
        assert re.search(rf'href="[^"]*compose={kind}#compose_text" data-key="{key}"', page)


@pytest.mark.parametrize("kind, words", [("public", PUBLIC), ("partner", PARTNER), ("internal", INTERNAL)])
def test_each_kind_has_its_own_draft(world: World, talked: Ticket, kind: str, words: str) -> None:
    page = text(world.client("marek").get(url(talked, f"?compose={kind}")))
    typed = re.search(r"<textarea[^>]*>([^<]*)</textarea>", page)[1]
    assert typed.strip() == f"draft {words}"
    assert "Saved " in page
    assert f'data-draft-url="/tickets/{talked.reference}/draft/{kind}/"' in page


@pytest.mark.parametrize(
    "who, kind, label",
    [
        ("marek", "public", "Send reply to customer and Delta Reseller"),
        ("marek", "partner", "Add partner note for Delta Reseller"),
        ("marek", "internal", "Add internal note for roZoom staff"),
        ("dirk", "public", "Send reply to customer and roZoom"),
        ("dirk", "partner", "Add partner note for roZoom"),
    ],
)
def test_the_send_button_names_who_reads_it(world: World, talked: Ticket, who: str, kind: str, label: str) -> None:
    assert f">{label}</button>" in text(world.client(who).get(url(talked, f"?compose={kind}")))


def test_a_direct_customer_has_no_partner_to_write_to(world: World) -> None:
    filed = ticket(world, "sol")
    page = text(world.client("marek").get(url(filed)))
    assert "compose=partner" not in page
    assert "Send reply to customer<" in text(world.client("marek").get(url(filed, "?compose=public")))


def test_a_reseller_is_told_that_its_reply_stops_no_promise(world: World) -> None:
    filed = ticket(world)
    sentence = "Your reply does not stop roZoom's promise"
    assert sentence in text(world.client("dirk").get(url(filed, "?compose=public")))
    assert sentence not in text(world.client("dirk").get(url(filed, "?compose=partner")))
    assert sentence not in text(world.client("marek").get(url(filed, "?compose=public")))
    message(world, filed)
    assert sentence not in text(world.client("dirk").get(url(filed, "?compose=public")))


def test_an_internal_note_is_no_page_for_resellers(world: World, talked: Ticket) -> None:
    assert world.client("dirk").get(url(talked, "?compose=internal")).status_code == 404
    assert world.client("marek").get(url(talked, "?compose=secret")).status_code == 404


def test_a_merged_ticket_says_where_to_write(world: World) -> None:
    filed, goes_on = ticket(world), ticket(world, subject="The other")
    stored(filed, state="MERGED", merged_into_id=goes_on.pk)
    page = text(world.client("marek").get(url(filed)))
    assert "This ticket was merged" in page
    assert f"/desk/tickets/{goes_on.reference}/" in page
    assert "compose=public" not in page
    assert "compose=internal" in page


# Long conversations


def test_a_long_conversation_is_folded_and_unfolds(world: World) -> None:
    filed = ticket(world)
    for index in range(32):
        message(world, filed, body=f"Line number {index:02}", kind="internal")
    client = world.client("marek")
    page = text(client.get(url(filed)))
    shown = re.findall(r"Line number (\d\d)", page)
    assert shown == ["00", *[f"{index:02}" for index in range(17, 32)]]
    assert "Show 16 older messages" in page
    page = text(client.get(url(filed, "?older=1")))
    assert re.findall(r"Line number (\d\d)", page) == [f"{index:02}" for index in range(32)]
    assert page.count("data-focus") == 1


def test_the_cost_does_not_grow_with_the_conversation(world: World) -> None:
    filed = ticket(world, component=world.components["acme"])
    client = world.client("marek")

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(url(filed, path))
        return len([one for one in asked if one["sql"].startswith("SELECT")])

    message(world, filed)
    few = cost("?compose=public")
    for index in range(12):
        file = SimpleUploadedFile(f"log-{index}.txt", b"measured", "text/plain")
        message(world, filed, "marek" if index % 2 else "ilse", files=check_files([file]))
        ticket(world, component=world.components["acme"])
    # Twelve, the bell's, held mails, mails that did not arrive, returns, and one that only the tests need to leave the role.
    assert cost("?compose=public") == few <= 17


# The list beside it


def test_the_way_back_and_the_neighbours_keep_the_list(world: World) -> None:
    third, first, second = filed_ago(world, [1, 3, 2])
    filed_ago(world, [3.5], by="bob")
    page = text(world.client("marek").get(url(second, "?customer=ACME")))
    assert re.search(r'class="back" href="/desk/\?customer=ACME" data-key="u"', page)
    assert f'href="{url(first)}?customer=ACME" data-key="k"' in page
    assert f'href="{url(third)}?customer=ACME" data-key="j"' in page
    assert re.search(rf'<a href="{url(second)}\?customer=ACME" aria-current="page">', page)


def test_a_ticket_that_left_its_list_goes_on_with_the_most_urgent(world: World) -> None:
    _, first, mine = filed_ago(world, [1, 3, 2])
    stored(mine, assignee_id=world.people["rita"].person_id, assignee_name="Rita Test")
    page = text(world.client("marek").get(url(mine, "?view=unassigned")))
    assert f'href="{url(first)}?view=unassigned" data-key="j"' in page
    assert 'data-key="k"' not in page


# Why


def test_why_shows_start_target_and_rule(world: World) -> None:
    filed = ticket(world, severity=1)
    page = text(world.client("marek").get(url(filed, "why/")))
    assert "A first answer within 1 hour of the report, because the severity was 1." in page
    message(world, filed)
    message(world, filed, "ilse", "And now?")
    page = text(world.client("marek").get(url(filed, "why/")))
    assert page.index("An answer within 1 hour of the customer's message") < page.index("A first answer")
    assert "Met" in page


# While it is open


def live(world: World, filed: Ticket, who: str = "marek", **sent: str) -> str:
    page = text(world.client(who).get(url(filed)))
    return dict(re.findall(r'"(\w+)": "([^"]*)"', attribute(page, "live", "hx-vals"))) | sent


def test_an_unchanged_ticket_is_an_empty_answer(world: World, talked: Ticket) -> None:
    known = live(world, talked)
    response = world.client("marek").get(url(talked, "live/"), known, headers=HTMX)
    assert response.status_code == 204
    assert response.headers["X-Server-Now"].isdecimal()


def test_a_new_message_is_announced_and_not_inserted(world: World, talked: Ticket) -> None:
    known = live(world, talked)
    message(world, talked, "ilse", "It moves again.")
    page = text(world.client("marek").get(url(talked, "live/"), known, headers=HTMX))
    assert "1 new message — show" in page
    assert "New message from Ilse Test" in page
    assert "It moves again." not in page
    assert "<textarea" not in page
    assert set(re.findall(r'id="([\w-]+)"[^>]*hx-swap-oob', page)) == {
        *("w-severity", "w-clock", "w-state", "w-owner", "w-moves", "news", "live", "status")
    }


def test_showing_it_appends_it_and_the_composer_has_seen_it(world: World, talked: Ticket) -> None:
    known = live(world, talked)
    said = message(world, talked, "ilse", "It moves again.")
    page = text(world.client("marek").get(url(talked, "live/"), {**known, "show": "1"}, headers=HTMX))
    assert "It moves again." in page
    assert "data-focus" in page
    assert hidden(page, "seen_at") == said.created_at.isoformat()
    assert "new message" not in page


def test_a_new_owner_and_state_come_as_pieces(world: World, talked: Ticket) -> None:
    known = live(world, talked)
    rita = world.actor("rita")
    with work_unit(rita.context) as unit:
        make_move(actor=rita, ticket=talked, move="wait", now=unit.now, turn="supplier")
    stored(talked, assignee_id=rita.person_id, assignee_name="Rita Test", version=fresh(talked).version + 1)
    page = text(world.client("marek").get(url(talked, "live/"), known, headers=HTMX))
    assert "Waiting for supplier" in page
    assert "Rita Test" in page
    assert "Take over" in page
    assert "Take up again" in page


def test_my_own_message_from_another_tab_is_no_news(world: World, talked: Ticket) -> None:
    known = live(world, talked)
    message(world, talked, "marek", "From my other tab")
    assert "new message" not in text(world.client("marek").get(url(talked, "live/"), known, headers=HTMX))


@pytest.mark.parametrize("seen", ["", "x", "2026-13-40", "2026-01-01", "2026-01-01T00:00:00", "9" * 400])
def test_a_time_that_is_none_is_the_report(world: World, talked: Ticket, seen: str) -> None:
    sent = {"seen": seen, "version": "0"}
    page = text(world.client("rita").get(url(talked, "live/"), sent, headers=HTMX))
    assert "3 new messages — show" in page


def test_a_long_gone_ticket_offers_nothing_to_reopen(world: World) -> None:
    filed = ticket(world)
    stored(filed, state="CLOSED", closed_at=clock() - timedelta(days=15), clock_due_at=None)
    page = text(world.client("marek").get(url(filed)))
    assert "Open again" not in page
    assert "compose=public" not in page


def test_what_was_withdrawn_late_does_not_read_answered(world: World) -> None:
    (filed,) = filed_ago(world, [2], severity=1)
    ilse = world.actor("ilse")
    with work_unit(ilse.context) as unit:
        make_move(actor=ilse, ticket=filed, move="withdraw", now=unit.now, reason="It was the fuse")
    page = text(world.client("marek").get(url(filed)))
    assert "<span>Ended without an answer, </span><b>1 h</b><span> late</span>" in page
    assert "Ended late, without an answer: withdrawn" in text(world.client("marek").get(url(filed, "why/")))


@pytest.mark.parametrize(
    ("channel", "words"),
    [("portal", "in the portal"), ("phone", "by phone"), ("email", "by e-mail"), ("api", "by the API")],
)
def test_the_facts_say_how_it_was_reported(world: World, channel: str, words: str) -> None:
    filed = ticket(world)
    stored(filed, channel=channel)
    assert re.search(rf"Reported</dt><dd><time[^>]*>[^<]*</time> {words}<", text(world.client("marek").get(url(filed))))
