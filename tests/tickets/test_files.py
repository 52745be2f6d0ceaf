"""Files: what comes in, what is refused in words, under which name it lies, and who may read it."""

import io
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rozoom_support.lib.refusals import NotFound
from tenancy.context import Context, work_unit
from tests.world import World, message, ticket
from tickets.files import BadFile, check_file, check_files, clean_name
from tickets.models import Attachment
from tickets.queries import file_for

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 17 + zlib.compress(b"\x00")
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("photo.png", PNG, "image/png"),
        ("manual.pdf", PDF, "application/pdf"),
        ("syslog", b"Nov 23 12:00:01 lift2 kernel: stop\n", "text/plain"),
        ("logs.zip", b"PK\x03\x04" + b"\x00" * 26, "application/zip"),
        ("dump.bin", bytes(range(256)), "application/octet-stream"),
        ("page.html", b"<script>alert(1)</script>", "text/plain"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "text/plain"),
    ],
)
def test_the_content_decides_the_type(name: str, content: bytes, expected: str) -> None:
    checked = check_file(upload(name, content))
    assert (checked.content_type, checked.size) == (expected, len(content))
    assert checked.content.read() == content


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("setup.exe", b"MZ\x90\x00", "is a Windows program"),
        ("harmless.txt", b"MZ\x90\x00", "is a Windows program"),
        ("tool", b"\x7fELF\x02", "is a Linux program"),
        ("run.bat", b"del *", ".bat are not accepted"),
        ("photo.png", PDF, "is not what its name says"),
        ("report.pdf", b"hello", "is not what its name says"),
        ("empty.log", b"", "is empty"),
    ],
)
def test_a_bad_file_is_refused_in_words(name: str, content: bytes, words: str) -> None:
    with pytest.raises(BadFile, match=words) as refused:
        check_file(upload(name, content))
    assert refused.value.param == "files"


class Sized(io.BytesIO):
    """A file that says how large it is without being it."""

    def __init__(self, size: int) -> None:
        super().__init__(b"x" * min(size, 9000))
        self.name, self.size = "big.log", size


def test_the_limit_holds_at_the_value_and_one_over(settings: Any) -> None:
    limit = settings.LIMITS["file_bytes"]
    check_file(Sized(limit))
    with pytest.raises(BadFile, match="must be smaller than 25 MB"):
        check_file(Sized(limit + 1))


def test_ten_files_pass_and_eleven_do_not() -> None:
    assert len(check_files([upload(f"{i}.log", b"x") for i in range(10)])) == 10
    with pytest.raises(BadFile, match="at most 10 files"):
        check_files([upload(f"{i}.log", b"x") for i in range(11)])


@pytest.mark.parametrize(
    "given, kept",
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ilse\\photo.png", "photo.png"),
        ("a\x00b\r\n.log", "ab.log"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("   ", "file"),
        ("x" * 300 + ".log", "x" * 116 + ".log"),
    ],
)
def test_names_are_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_it_lies_under_a_name_of_ours(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "ilse", "Here.", files=check_files([upload("photo.png", PNG)]))
    with work_unit(Context("worker")):
        stored = Attachment.objects.get()
    assert "photo" not in stored.stored_as
    assert stored.name == "photo.png"


def test_a_file_is_read_by_those_who_may_read_its_message(world: World) -> None:
    filed, ids = ticket(world), {}
    for kind in ("public", "partner", "internal"):
        note = message(world, filed, "marek", "See file.", kind=kind, files=check_files([upload("a.log", b"x")]))
        with work_unit(Context("worker")):
            ids[kind] = Attachment.objects.get(message=note).pk
    readable = {"ilse": {"public"}, "bob": set(), "dirk": {"public", "partner"}, "nils": set(), "rita": set(ids)}
    for name, kinds in readable.items():
        actor = world.actor(name)
        for kind, file_id in ids.items():
            with work_unit(actor.context):
                if kind in kinds:
                    assert file_for(actor, file_id).name == "a.log"
                else:
                    with pytest.raises(NotFound):
                        file_for(actor, file_id)
