"""Files: sent in forms, checked by content, served as downloads to those who may read them."""

from hashlib import sha256

import pytest
from django.core.files.storage import default_storage

from tenancy.context import Context, work_unit
from tests.api.calls import at, codes, if_match, send_form, stored, upload
from tests.world import ticket
from tickets.models import Attachment

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


def test_a_file_is_sent_and_fetched(world, api):
    filed = ticket(world)
    program = api(world.acme)
    answer = send_form(program, at(filed, "files"), file=upload("Übersicht door.log", b"E42\n"))
    assert answer.status_code == 201
    read = answer.json()
    assert (read["name"], read["size"], read["content_type"], read["kind"]) == (
        "Übersicht door.log",
        4,
        "text/plain",
        "public",
    )
    assert (read["sha256"], read["message"], read["author"]) == (sha256(b"E42\n").hexdigest(), None, "ACME program")
    assert answer["Location"] == f"/api/v1/files/{read['id']}/"
    fetched = program.get(answer["Location"])
    assert b"".join(fetched.streaming_content) == b"E42\n"
    assert fetched["Content-Disposition"].startswith("attachment; filename*=utf-8''%C3%9Cbersicht")
    assert fetched["Content-Type"] == "application/octet-stream"
    assert fetched["X-Content-Type-Options"] == "nosniff"
    assert fetched["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert program.get(at(filed, "files")).json()["results"] == [read]


def test_a_file_changes_the_version_and_no_clock(world, api):
    filed = ticket(world)
    desk = api(world.rozoom)
    send_form(desk, at(filed, "files"), file=upload())
    read = desk.get(at(filed)).json()
    assert (read["version"], read["state"], read["response"]["outcome"]) == (2, "NEW", "RUNNING")


def test_files_come_with_a_message(world, api):
    filed = ticket(world)
    program = api(world.acme)
    answer = send_form(program, at(filed, "messages"), body="See these.", files=[upload("a.txt"), upload("b.txt")])
    assert answer.status_code == 201
    read = answer.json()
    assert [file["name"] for file in read["files"]] == ["a.txt", "b.txt"]
    assert {file["message"] for file in read["files"]} == {read["id"]}
    assert program.get(at(filed, "messages")).json()["results"] == [read]


@pytest.mark.parametrize(
    "kind, readers",
    [("public", {"acme", "delta", "rozoom"}), ("partner", {"delta", "rozoom"}), ("internal", {"rozoom"})],
)
def test_a_file_is_read_by_the_readers_of_its_kind(world, api, kind, readers):
    filed = ticket(world)
    file_id = send_form(api(world.rozoom), at(filed, "files"), kind=kind, file=upload()).json()["id"]
    for who in ("acme", "delta", "rozoom"):
        program = api(getattr(world, who))
        assert program.get(f"/api/v1/files/{file_id}/").status_code == (200 if who in readers else 404)
        listed = [one["id"] for one in program.get(at(filed, "files")).json()["results"]]
        assert listed == ([file_id] if who in readers else [])


def test_a_kind_that_may_not_be_written_is_refused(world, api):
    answer = send_form(api(world.acme), at(ticket(world), "files"), kind="internal", file=upload())
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_known_bytes_are_not_sent_again(world, api):
    filed = ticket(world)
    program = api(world.acme)
    path = send_form(program, at(filed, "files"), file=upload())["Location"]
    tag = program.get(path)["ETag"]
    assert program.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_bytes_are_sent_whatever_is_accepted(world, api):
    filed = ticket(world)
    program = api(world.acme)
    path = send_form(program, at(filed, "files"), file=upload("a.png", PNG))["Location"]
    assert program.get(path, headers={"Accept": "image/png"}).status_code == 200


def test_head_tells_the_size(world, api):
    program = api(world.acme)
    path = send_form(program, at(ticket(world), "files"), file=upload(content=b"12345"))["Location"]
    answer = program.head(path)
    assert (answer.status_code, answer["Content-Length"]) == (200, "5")


@pytest.mark.parametrize("who", ["bolt", "solo", "nova"])
def test_strangers_fetch_nothing(world, api, who):
    file_id = send_form(api(world.acme), at(ticket(world), "files"), file=upload()).json()["id"]
    program = api(getattr(world, who))
    assert program.get(f"/api/v1/files/{file_id}/").content == program.get("/api/v1/files/nonsense/").content


def test_lost_bytes_are_not_found(world, api):
    program = api(world.acme)
    path = send_form(program, at(ticket(world), "files"), file=upload())["Location"]
    with work_unit(Context("staff")):
        default_storage.delete(Attachment.objects.get().stored_as)
    assert program.get(path).status_code == 404


@pytest.mark.parametrize("size, status", [(0, 201), (1, 413)])
def test_a_file_has_at_most_its_limit(world, api, settings, size, status):
    settings.LIMITS = {**settings.LIMITS, "file_bytes": 1024 * 1024}
    filed = ticket(world)
    answer = send_form(api(world.acme), at(filed, "files"), file=upload("big.log", b"x" * (1024 * 1024 + size)))
    assert answer.status_code == status
    if status == 413:
        assert (answer.json()["code"], answer.json()["param"]) == ("file_too_large", "file")
        assert "1 MB" in answer.json()["detail"]
        assert stored(filed.reference).version == 1


def test_what_can_not_be_a_file_is_refused_before_it_is_read(world, api, settings):
    settings.LIMITS = {**settings.LIMITS, "file_bytes": 1024}
    answer = send_form(api(world.acme), at(ticket(world), "files"), file=upload("big.log", b"x" * 200_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("count, status", [(10, 201), (11, 422)])
def test_a_message_has_at_most_ten_files(world, api, count, status):
    filed = ticket(world)
    files = [upload(f"{number}.txt") for number in range(count)]
    answer = send_form(api(world.acme), at(filed, "messages"), body="Logs.", files=files)
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["code"] == "too_many_files"
        assert stored(filed.reference).version == 1


@pytest.mark.parametrize(
    "parts, wrong",
    [
        ({}, [("file", "required")]),
        ({"file": "only text"}, [("file", "unknown_field"), ("file", "required")]),
        ({"file": [upload("a"), upload("b")]}, [("file", "too_many_files")]),
        ({"kind": "secret", "file": upload()}, [("kind", "not_a_choice")]),
        ({"document": upload()}, [("document", "unknown_field"), ("file", "required")]),
        ({"kind": ["public", "internal"], "file": upload()}, [("kind", "not_a_choice")]),
        ({"file": upload("run.exe", b"MZ" + b"\x00" * 50)}, [("file", "bad_file")]),
        ({"file": upload("empty.txt", b"")}, [("file", "bad_file")]),
        ({"file": upload("fake.png", b"not a picture")}, [("file", "bad_file")]),
    ],
)
def test_a_form_that_can_not_be_read_is_named(world, api, parts, wrong):
    answer = send_form(api(world.acme), at(ticket(world), "files"), **parts)
    assert answer.status_code == 422
    assert codes(answer) == wrong


def test_a_file_may_name_the_version(world, api):
    filed = ticket(world)
    program = api(world.acme)
    assert send_form(program, at(filed, "files"), if_match(5), file=upload()).status_code == 412
    assert send_form(program, at(filed, "files"), if_match(1), file=upload()).status_code == 201


def test_json_is_no_form(world, api):
    answer = api(world.acme).post(at(ticket(world), "files"), {"file": "x"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert "multipart/form-data" in answer.json()["detail"]


def test_a_broken_form_is_told(world, api):
    answer = api(world.acme).post(at(ticket(world), "files"), b"no boundary", content_type="multipart/form-data")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
