"""A file goes to who may read it, as a download that can not run as our script."""

from email.message import Message as Headers
from typing import Any
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from tenancy.context import Context, work_unit
from tests.portal.test_report_files import PNG
from tests.world import World, message, ticket
from tickets.files import check_files
from tickets.models import Attachment

NAMES = ["log.txt", "Störung „Halle 2“.txt", 'quote".txt', "日本.txt", "semi;colon, comma.txt"]


def attached(
    world: World, name: str = "log.txt", content: bytes = b"hello", by: str = "ilse", **more: Any
) -> Attachment:
    """A file of a message of this person on a new ticket of Acme."""
    message(world, ticket(world), by, "See the file", files=check_files([SimpleUploadedFile(name, content)]), **more)
    with work_unit(Context("worker")):
        return Attachment.objects.get()


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_download_under_its_own_name(world: World, name: str) -> None:
    file = attached(world, name)
    answer = world.client("ilse").get(f"/files/{file.pk}/")
    assert answer.status_code == 200
    assert body_of(answer) == b"hello"
    header = Headers()
    header["Content-Disposition"] = answer["Content-Disposition"]
    assert header.get_content_disposition() == "attachment"
    assert header.get_filename() == name


@pytest.mark.parametrize("url", ["", "?inline=1"])
def test_it_can_not_run_or_be_kept(world: World, url: str) -> None:
    file = attached(world, "page.html", b"<script>alert(1)</script>")
    answer = world.client("ilse").get(f"/files/{file.pk}/{url}")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert "text/html" not in answer["Content-Type"]


def test_a_picture_may_be_looked_at(world: World) -> None:
    file = attached(world, "photo.png", PNG)
    client = world.client("ilse")
    shown = client.get(f"/files/{file.pk}/?inline=1")
    assert shown["Content-Disposition"].startswith("inline")
    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(f"/files/{file.pk}/")["Content-Disposition"].startswith("attachment")


def test_head_answers_without_the_content(world: World) -> None:
    file = attached(world)
    answer = world.client("ilse").head(f"/files/{file.pk}/")
    assert (answer.status_code, answer["Content-Length"]) == (200, "5")


READERS = {"public": {"ilse", "ana", "dirk", "marek"}, "partner": {"dirk", "marek"}, "internal": {"marek"}}


@pytest.mark.parametrize("kind", READERS)
def test_who_may_read_the_message_may_read_its_file(world: World, kind: str) -> None:
    file = attached(world, by="marek", kind=kind)
    for name in ("ilse", "ana", "dirk", "marek", "bob", "sol", "nils"):
        answer = world.client(name).get(f"/files/{file.pk}/")
        assert answer.status_code == (200 if name in READERS[kind] else 404), name
        random = world.client(name).get(f"/files/{UUID(int=5)}/")
        assert random.status_code == 404


def test_a_stranger_is_asked_to_sign_in(world: World, client: Any) -> None:
    file = attached(world)
    assert client.get(f"/files/{file.pk}/").status_code == 302


def test_a_file_that_is_missing_in_the_storage_is_not_found(world: World) -> None:
    file = attached(world)
    default_storage.delete(file.stored_as)
    assert world.client("ilse").get(f"/files/{file.pk}/").status_code == 404
