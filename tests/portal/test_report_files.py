"""Files of a report: kept when something else is wrong, refused in words, removable, and part of the ticket that is sent."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tenancy.context import Context, work_unit
from tests.portal.walking import IMPACT_1, PROBLEM, answered, begun, drafts, form_on, text_of, the_ticket
from tests.world import World
from tickets.models import Attachment

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


def upload(name: str = "log.txt", content: bytes = b"hello log") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def at_problem(client: Client) -> str:
    at = begun(client)
    client.post(f"{at}site/", {"site": "unknown"})
    client.post(f"{at}impact/", IMPACT_1)
    return f"{at}problem/"


def kept() -> list[Attachment]:
    with work_unit(Context("worker")):
        return list(Attachment.objects.order_by("name"))


BAD: dict[str, tuple[Any, str]] = {
    "a program": (lambda: upload("tool.bin", b"MZ\x90\x00"), "tool.bin is a Windows program"),
    "a script": (lambda: upload("run.ps1", b"echo"), "Files ending in .ps1 are not accepted"),
    "an empty file": (lambda: upload("empty.log", b""), "empty.log is empty"),
    "a false picture": (lambda: upload("photo.png", b"<html>"), "photo.png is not what its name says"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_by_name_and_the_good_ones_stay(world: World, what: str) -> None:
    make, words = BAD[what]
    client = world.client("ilse")
    url = at_problem(client)
    answer = client.post(url, {**PROBLEM, "files": [upload("good.txt"), make()]})
    assert answer.status_code == 422
    said = text_of(answer)
    assert words in said
    assert "Added already" in said
    assert "good.txt" in said
    assert form_on(answer)["fields"]["description"].strip() == PROBLEM["description"]
    assert [file.name for file in kept()] == ["good.txt"]


def test_a_file_over_the_limit_names_the_limit(world: World, settings: Any) -> None:
    settings.LIMITS = {**settings.LIMITS, "file_bytes": 1024 * 1024}
    client = world.client("ilse")
    url = at_problem(client)
    answer = client.post(url, {**PROBLEM, "files": [upload("dump.bin", b"x" * (1024 * 1024 + 1))]})
    assert answer.status_code == 422
    assert "dump.bin must be smaller than 1 MB" in text_of(answer)
    assert client.post(url, {**PROBLEM, "files": [upload("dump.bin", b"x" * 1024 * 1024)]}).status_code == 302


def test_files_are_kept_while_another_answer_is_missing(world: World) -> None:
    client = world.client("ilse")
    url = at_problem(client)
    answer = client.post(url, {**PROBLEM, "subject": "", "files": [upload(), upload("photo.png", PNG)]})
    assert answer.status_code == 422
    again = text_of(client.get(url))
    assert "log.txt" in again
    assert "photo.png" in again


def test_ten_files_fit_and_the_eleventh_is_named(world: World) -> None:
    client = world.client("ilse")
    url = at_problem(client)
    answer = client.post(url, {**PROBLEM, "files": [upload(f"{n}.txt", b"%d" % n) for n in range(11)]})
    assert answer.status_code == 422
    assert "10.txt was not added: a report takes at most 10 files" in text_of(answer)
    assert len(kept()) == 10


def test_the_same_file_sent_twice_is_one(world: World) -> None:
    client = world.client("ilse")
    url = at_problem(client)
    for _ in range(2):
        client.post(url, {**PROBLEM, "files": [upload()]})
    assert len(kept()) == 1


def test_a_file_can_be_removed_without_losing_what_is_typed(world: World) -> None:
    client = world.client("ilse")
    url = at_problem(client)
    client.post(url, {**PROBLEM, "files": [upload(), upload("photo.png", PNG)]})
    answer = client.post(url, {**PROBLEM, "description": "Typed meanwhile", "subject": "", "remove": str(kept()[0].pk)})
    assert answer["Location"] == f"{url}#files"
    assert [file.name for file in kept()] == ["photo.png"]
    assert form_on(client.get(url))["fields"]["description"].strip() == "Typed meanwhile"


def test_a_file_of_somebody_elses_report_can_not_be_removed(world: World) -> None:
    theirs = world.client("ana")
    theirs.post(at_problem(theirs), {**PROBLEM, "files": [upload()]})
    mine = world.client("ilse")
    mine.post(at_problem(mine), {**PROBLEM, "remove": str(kept()[0].pk)})
    assert len(kept()) == 1


def test_the_return_key_never_removes_a_file(world: World) -> None:
    """A browser sends a form by its first button; that one must be Continue."""
    client = world.client("ilse")
    url = at_problem(client)
    client.post(url, {**PROBLEM, "files": [upload()]})
    html = client.get(url).content.decode()
    form = html[html.index('enctype="multipart/form-data"') :]
    assert form.index('type="submit"') < form.index('name="remove"')
    assert "Continue" in form[form.index('type="submit"') :][:80]


def test_files_go_with_the_ticket_and_only_their_writer_reads_them_before(world: World) -> None:
    client = world.client("ilse")
    at = answered(client, files=[upload()])
    file = kept()[0]
    assert client.get(f"/files/{file.pk}/").status_code == 200
    assert world.client("ana").get(f"/files/{file.pk}/").status_code == 404
    assert world.client("marek").get(f"/files/{file.pk}/").status_code == 404
    assert "log.txt" in text_of(client.get(f"{at}check/"))
    client.post(f"{at}check/")
    sent = kept()[0]
    assert (sent.ticket_id, sent.draft_id) == (the_ticket().pk, None)
    assert drafts() == []
    assert world.client("ana").get(f"/files/{file.pk}/").status_code == 200
    assert "log.txt" in text_of(client.get("/tickets/ACME-1/"))


def test_a_discarded_report_takes_its_files_along(world: World) -> None:
    client = world.client("ilse")
    at = answered(client, files=[upload()])
    client.post(f"{at}discard/")
    assert kept() == []
