"""The same POST sent twice is one deed with one answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent, DoneDeed
from tests.api.calls import TICKETS, at, count_tickets, if_match, report, send_form, stored, upload
from tests.world import ticket
from tickets.models import Attachment, Message

KEY = {"Idempotency-Key": "8f14e45f-ceea-467f-a0e6-1d2f3a4b5c6d"}


def count(model: Any) -> int:
    with work_unit(Context("staff")):
        return model.objects.count()


def repeated(first: Any, second: Any) -> bool:
    assert second.status_code == first.status_code
    assert second.content == first.content
    assert second["Content-Type"] == first["Content-Type"]
    for name in ("Location", "ETag"):
        assert second.get(name) == first.get(name)
    return second.get("Idempotent-Replayed") == "true" and not first.has_header("Idempotent-Replayed")


@pytest.mark.django_db
def test_a_repeated_report_is_one_ticket(world, api):
    program = api(world.acme)
    first, second = (program.post(TICKETS, report(), headers=KEY) for _ in range(2))
    assert first.status_code == 201
    assert repeated(first, second)
    assert count_tickets() == 1


@pytest.mark.django_db
def test_the_order_of_fields_is_not_content(world, api):
    program = api(world.acme)
    program.post(TICKETS, report(), headers=KEY)
    turned = dict(reversed(report().items()))
    assert program.post(TICKETS, turned, headers=KEY).status_code == 201
    assert count_tickets() == 1


@pytest.mark.django_db
def test_a_used_key_with_other_content_is_refused(world, api):
    program = api(world.acme)
    program.post(TICKETS, report(), headers=KEY)
    answer = program.post(TICKETS, report(subject="Other"), headers=KEY)
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["param"]) == ("idempotency_key_reused", "Idempotency-Key")
    assert count_tickets() == 1


@pytest.mark.django_db
def test_a_used_key_at_another_address_is_refused(world, api):
    first, second = ticket(world), ticket(world)
    program = api(world.acme)
    program.post(at(first, "messages"), {"body": "x"}, headers=KEY)
    assert program.post(at(second, "messages"), {"body": "x"}, headers=KEY).json()["code"] == "idempotency_key_reused"


@pytest.mark.django_db
def test_each_token_has_its_own_keys(world, api):
    for organisation in (world.acme, world.acme, world.bolt):
        answer = api(organisation).post(TICKETS, report(), headers=KEY)
        assert answer.status_code == 201
        assert not answer.has_header("Idempotent-Replayed")
    assert count_tickets() == 3


@pytest.mark.django_db
def test_a_refused_request_gives_its_key_back(world, api):
    program = api(world.acme)
    assert program.post(TICKETS, report(subject=""), headers=KEY).status_code == 422
    assert program.post(TICKETS, report(), headers=KEY).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("length, status", [(1, 201), (200, 201), (201, 422)])
def test_a_key_has_at_most_200_characters(world, api, length, status):
    answer = api(world.acme).post(TICKETS, report(), headers={"Idempotency-Key": "k" * length})
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["code"] == "bad_idempotency_key"


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "   ", "a\tb"])
def test_a_key_that_protects_nothing_is_refused(world, api, key):
    answer = api(world.acme).post(TICKETS, report(), headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_idempotency_key")
    assert count_tickets() == 0


@pytest.mark.django_db
def test_a_repeated_message_is_one_message(world, api):
    filed = ticket(world)
    program = api(world.acme)
    first, second = (program.post(at(filed, "messages"), {"body": "x"}, headers=KEY) for _ in range(2))
    assert repeated(first, second)
    assert count(Message) == 1


@pytest.mark.django_db
def test_a_repeated_form_is_one_file_whatever_its_boundary(world, api):
    filed = ticket(world)
    program = api(world.acme)
    first = send_form(program, at(filed, "files"), KEY, file=upload())
    other = b'--zz\r\nContent-Disposition: form-data; name="file"; filename="log.txt"\r\n\r\ndoor contact open\n\r\n--zz--\r\n'
    second = program.post(at(filed, "files"), other, content_type="multipart/form-data; boundary=zz", headers=KEY)
    assert repeated(first, second)
    assert count(Attachment) == 1
    changed = send_form(program, at(filed, "files"), KEY, file=upload(content=b"other"))
    assert changed.json()["code"] == "idempotency_key_reused"


@pytest.mark.django_db
def test_a_repeated_move_is_answered_although_the_version_went_on(world, api):
    filed = ticket(world)
    program = api(world.rozoom)
    headers = {**KEY, **if_match(1)}
    first, second = (program.post(at(filed, "transitions"), {"action": "begin"}, headers=headers) for _ in range(2))
    assert first.status_code == 200
    assert repeated(first, second)
    assert stored("ACME-1").version == 2


@pytest.mark.django_db
def test_an_answer_is_kept_for_its_own_ticket_only_while_it_is_there(world, api):
    """A repeated request is looked up as any other: a ticket that is no longer ours answers 404, not what it once said."""
    filed = ticket(world)
    program = api(world.delta)
    assert program.post(at(filed, "messages"), {"body": "x"}, headers=KEY).status_code == 201
    with work_unit(Context("staff")):
        world.acme.reseller = world.nova
        world.acme.save(update_fields=["reseller"])
    assert program.post(at(filed, "messages"), {"body": "x"}, headers=KEY).status_code == 404


def at_once(calls: int, work: Any) -> list[Any]:
    """The same request from several threads, each with a connection of its own, let go together."""
    gate = Barrier(calls)

    def one(number: int) -> Any:
        try:
            gate.wait(10)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(calls) as pool:
        return list(pool.map(one, range(calls)))


@pytest.mark.django_db(transaction=True)
def test_two_identical_reports_at_once_are_one_ticket(lasting_world, api):
    program = api(lasting_world.acme)
    answers = at_once(4, lambda number: program.post(TICKETS, report(), headers=KEY))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.get("Idempotent-Replayed", "") for answer in answers) == ["", "true", "true", "true"]
    assert count_tickets() == 1
    assert count(DoneDeed) == 1


@pytest.mark.django_db(transaction=True)
def test_reports_at_once_without_a_key_are_numbered_without_gap(lasting_world, api):
    program = api(lasting_world.acme)
    answers = at_once(4, lambda number: program.post(TICKETS, report()))
    assert sorted(answer.json()["reference"] for answer in answers) == ["ACME-1", "ACME-2", "ACME-3", "ACME-4"]


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_with_one_number_of_ones_own(lasting_world, api):
    program = api(lasting_world.acme)
    answers = at_once(3, lambda number: program.post(TICKETS, report(external_reference="INC-1")))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]
    assert count_tickets() == 1


@pytest.mark.django_db(transaction=True)
def test_of_changes_made_at_once_from_one_version_one_is_done(lasting_world, api):
    filed = ticket(lasting_world)
    program = api(lasting_world.rozoom)
    bodies = [{"assignee": "marek@test.example"}, {"assignee": "rita@test.example"}, {"assignee": "duty@test.example"}]
    answers = at_once(3, lambda number: program.post(at(filed, "assignment"), bodies[number], headers=if_match(1)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    with work_unit(Context("staff")):
        assert AuditEvent.objects.filter(verb="ticket.assigned").count() == 1
