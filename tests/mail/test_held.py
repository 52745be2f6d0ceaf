"""Mail that waits for a person, and what staff do with it."""

import pytest
from django.urls import reverse

from tests.mail.post import WORKER, letter, messages_of, receive, ticket_of
from tests.world import World, ensure_context, ticket
from tickets.models import IncomingMail

STRANGER = "Jo Stranger <jo@elsewhere.example>"


def seen(mail: IncomingMail) -> IncomingMail:
    with ensure_context(WORKER):
        return IncomingMail.objects.get(pk=mail.pk)


def test_a_stranger_is_held_and_released_into_a_new_ticket(world: World) -> None:
    mail = receive(letter(STRANGER, "Help", "Serial {}".format(world.components["solo"].serial)))
    assert (mail.outcome, mail.code) == ("held", "unknown_sender")
    client = world.client("marek")
    listed = client.get(reverse("desk:mails"))
    assert "Help" in listed.content.decode()
    page = client.get(reverse("desk:mail", args=[mail.pk])).content.decode()
    assert "We do not know this address" in page
    answer = client.post(
        reverse("desk:mail_release", args=[mail.pk]), {"customer": "SOLO", "written_by": "jo@elsewhere.example"}
    )
    assert answer.status_code == 302
    mail = seen(mail)
    assert (mail.outcome, mail.decided_by) == ("ticket_created", "Marek Test")
    made = ticket_of(mail)
    assert (made.customer_id, made.reporter_id, made.reporter_name) == (
        world.solo.pk,
        None,
        "Jo Stranger (jo@elsewhere.example)",
    )
    assert made.reported_at == mail.received_at
    assert made.component_id == world.components["solo"].pk


def test_it_is_released_into_a_ticket_as_one_of_its_people(world: World) -> None:
    filed = ticket(world)
    mail = receive(letter(STRANGER, f"Re: [{filed.reference}]", "From my private address."))
    assert mail.code == "unknown_sender"
    client = world.client("marek")
    wrong = {"into": filed.reference, "written_by": "bob@test.example"}
    refused = client.post(reverse("desk:mail_release", args=[mail.pk]), wrong)
    assert refused.status_code == 422
    assert "Nobody with this address works for Acme Lifts" in refused.content.decode()
    right = {"into": filed.reference.lower(), "written_by": "ilse@test.example"}
    client.post(reverse("desk:mail_release", args=[mail.pk]), right)
    (said,) = messages_of(filed)
    assert (said.body, said.author_id, said.created_at) == (
        "From my private address.",
        world.ilse.person_id,
        seen(mail).received_at,
    )


def test_dropped_and_back_again(world: World) -> None:
    mail = receive(letter(STRANGER))
    client = world.client("rita")
    client.post(reverse("desk:mail_drop", args=[mail.pk]))
    assert (seen(mail).outcome, seen(mail).decided_by) == ("dropped", "Rita Test")
    assert client.get(reverse("desk:mails") + "?view=dropped").content.decode().count("Lift 2 stands still") == 1
    client.post(reverse("desk:mail_release", args=[mail.pk]), {"customer": "acme", "written_by": "ilse@test.example"})
    assert seen(mail).outcome == "ticket_created"
    again = client.post(reverse("desk:mail_drop", args=[mail.pk]))
    assert again.status_code == 422
    assert "Rita Test has decided about this mail already" in again.content.decode()


@pytest.mark.parametrize("who", ["ilse", "ana", "dirk", "dora", "fin", "sam"])
def test_only_the_desk_of_rozoom_sees_mail(world: World, who: str) -> None:
    mail = receive(letter(STRANGER))
    client = world.client(who)
    for name, args in (("mails", []), ("mail", [mail.pk]), ("mail_raw", [mail.pk])):
        assert client.get(reverse(f"desk:{name}", args=args)).status_code in (403, 404)
    assert client.post(reverse("desk:mail_drop", args=[mail.pk])).status_code in (403, 404)
    assert seen(mail).outcome == "held"


def test_a_page_shows_nothing_that_runs_or_loads(world: World) -> None:
    hostile = (
        '<img src="http://evil.example/p.png"><script>alert(1)</script><p onclick="x()">Hi</p>'
        '<a href="javascript:alert(1)">a</a><iframe src="http://evil.example"></iframe><style>p{background:url(//evil)}</style>'
    )
    mail = letter(STRANGER, "<script>alert(2)</script>")
    mail.set_content(hostile, subtype="html")
    page = world.client("marek").get(reverse("desk:mail", args=[receive(mail).pk])).content.decode()
    for word in ("evil.example", "alert(1)", "<script>alert", "onclick", "javascript:", "<iframe"):
        assert word not in page
    assert "Hi" in page


def test_the_number_held_stands_beside_its_link(world: World) -> None:
    receive(letter(STRANGER))
    receive(letter(STRANGER))
    page = world.client("marek").get(reverse("desk:queue")).content.decode()
    assert '<span class="count">2<span class="vh"> held</span></span>' in page
    assert "/desk/mail/" not in world.client("dirk").get(reverse("desk:queue")).content.decode()
