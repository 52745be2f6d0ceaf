"""Filing a ticket page by page, without JavaScript."""

from tests.portal.walking import follow, send, text_of, walk_to_check
from tests.world import World


def test_a_customer_files_a_ticket_from_the_first_page_to_its_own(world: World) -> None:
    client = world.client("ilse")
    page = walk_to_check(client, world.components["acme"])
    said = text_of(page)
    assert "Severity 1 — complete loss" in said
    assert "First answer within 1 hour, by" in said
    assert "complete loss of service, no workaround, the business has stopped" in said
    page = follow(client, send(client, page))
    said = text_of(page)
    assert "We have your report: ACME-1" in said
