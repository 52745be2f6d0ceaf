"""The pages of imports without JavaScript, who may open them, files that are too large, and the same from the shell."""

import re
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from contracts.imports import running
from contracts.management.commands.import_contracts import OURS
from contracts.models import BankLine, Component, ImportRun
from tenancy.context import work_unit
from tests.contracts.imports import COMPONENTS, PAYMENTS, STAFF, bring, checked, fresh, written
from tests.world import World

SITE = "Acme Lifts main site"
FILE = f"{COMPONENTS}ACME,{SITE},DC-7,N-1,,,,\n"


def upload(client: Client, text: str | bytes = FILE, kind: str = "components", **more: Any) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("our components.csv", content, "text/csv")
    return client.post("/imports/", {"kind": kind, "file": file, **more})


def page(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def runs() -> int:
    with work_unit(STAFF):
        return ImportRun.objects.count()


def installed() -> int:
    with work_unit(STAFF):
        return Component.objects.filter(serial__startswith="N-").count()


def test_the_walk_from_the_file_to_the_components(world: World) -> None:
    client = world.client("fin")
    for start in ("/components/", "/agreements/"):
        assert 'href="/imports/"' in page(client.get(start))
    sent = upload(client, FILE + f"NONE,{SITE},DC-7,=X,,,,\n")
    assert sent.status_code == 302
    here = sent["Location"]
    assert "Being read" in page(client.get(here))
    running.work()
    shown = page(client.get(here))
    assert "<b>1</b> new" in shown
    assert "<b>1</b> not good" in shown
    assert '<th scope="row">Line 3</th><td data-label="Column">customer</td><td data-label="Value">NONE</td>' in shown
    assert "Write the good rows only" in shown
    assert "Write all rows" not in shown
    refused = client.post(here, {"action": "ALL"}, follow=True)
    assert "1 row is not good. Mend the file" in page(refused)
    again = client.post(here, {"action": "GOOD"}, follow=True)
    assert "Waiting to be written" in page(again)
    assert installed() == 0
    running.work()
    assert "Done" in page(client.get(here))
    assert installed() == 1
    assert "our components.csv" in page(client.get("/imports/"))
    second = upload(client, FILE + f"NONE,{SITE},DC-7,=X,,,,\n")
    assert "The very same file was written before." in page(client.get(second["Location"]))


def test_a_dropped_file_writes_nothing(world: World) -> None:
    client, run = world.client("fin"), checked(world, "COMPONENTS", FILE)
    answer = page(client.post(f"/imports/{run.pk}/", {"action": "drop"}, follow=True))
    assert "is dropped. Nothing was written." in answer
    assert not running.work()
    assert installed() == 0


def test_the_page_asks_for_its_changing_part_until_the_work_is_done(world: World) -> None:
    client = world.client("fin")
    here = upload(client)["Location"]
    with work_unit(STAFF):
        ImportRun.objects.update(done=12_000, rows=100_000)
    part = page(client.get(here, headers={"HX-Request": "true"}))
    assert "12,000 of 100,000 rows" in part
    assert '<progress id="run-progress" max="100000" value="12000">' in part
    assert "data-poll" in part
    assert "<html" not in part
    running.work()
    part = page(client.get(here, headers={"HX-Request": "true"}))
    assert "data-poll" not in part
    assert 'id="status" role="status" aria-live="polite" hx-swap-oob="innerHTML">Read, waiting for you' in part


def test_a_form_sent_twice_is_one_file(world: World) -> None:
    client = world.client("fin")
    first, second = upload(client, form_token="a" * 32), upload(client, form_token="a" * 32)
    assert first["Location"] == second["Location"]
    assert runs() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Choose what the file holds"),
        ({"kind": "components"}, "Choose a CSV file"),
        ({"file": b"x"}, "Choose what the file holds"),
        ({"kind": "tickets", "file": b"x"}, "Choose what the file holds"),
        ({"kind": "components", "file": b""}, "f.csv is empty. Choose the file again."),
    ],
)
def test_what_is_missing_is_told_at_the_field(world: World, data: dict[str, Any], words: str) -> None:
    content = data.pop("file", None)
    if content is not None:
        data["file"] = SimpleUploadedFile("f.csv", content)
    answer = world.client("fin").post("/imports/", data)
    assert (answer.status_code, runs()) == (422, 0)
    assert words in page(answer)


# Size


@pytest.fixture
def small_limit(settings: Any) -> int:
    settings.LIMITS = {**settings.LIMITS, "import_bytes": 2 * 1024 * 1024}
    return 2 * 1024 * 1024


def test_a_file_of_the_limit_is_read_and_one_byte_more_is_refused_at_the_field(world: World, small_limit: int) -> None:
    client = world.client("fin")
    whole = FILE.encode() + b"\n" * (small_limit - len(FILE))
    assert upload(client, whole).status_code == 302
    answer = upload(client, whole + b"\n")
    assert (answer.status_code, runs()) == (422, 1)
    words = "our components.csv must be smaller than 2 MB. Cut it in parts."
    assert answer.context["form"].errors == {"file": [words]}
    assert answer.context["form"]["kind"].value() == "components", "what was chosen is kept"


class Body(BytesIO):
    """200 MB of a file that is never in memory, and how much of it was asked for at once."""

    most = 0

    def __init__(self, head: bytes, size: int, tail: bytes) -> None:
        self.pieces, self.left, self.total = [head, tail], size, len(head) + size + len(tail)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise AssertionError("the whole body was asked for")
        self.most = max(self.most, size)
        if self.pieces and len(self.pieces) == 2:
            return self.pieces.pop(0)
        if self.left > 0:
            count = min(size, self.left)
            self.left -= count
            return b"x" * count
        return self.pieces.pop(0) if self.pieces else b""


def test_200_mb_are_refused_in_words_and_not_kept(
    world: World, settings: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    wrote: list[int] = []
    from_disk = "django.core.files.uploadhandler.TemporaryFileUploadHandler.receive_data_chunk"
    monkeypatch.setattr(from_disk, lambda self, data, start: wrote.append(len(data)))
    head = (
        b'--B\r\nContent-Disposition: form-data; name="kind"\r\n\r\ncomponents\r\n'
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="huge.csv"\r\nContent-Type: text/csv\r\n\r\n'
    )
    body = Body(head, 200 * 1024 * 1024, b"\r\n--B--\r\n")
    answer = world.client("fin").generic(
        "POST", "/imports/",
        **{"wsgi.input": body, "CONTENT_TYPE": "multipart/form-data; boundary=B", "CONTENT_LENGTH": str(body.total)},
    )  # fmt: skip
    assert answer.status_code == 422
    assert "huge.csv must be smaller than 100 MB" in page(answer)
    assert (sum(wrote), list(tmp_path.iterdir()), runs()) == (0, [], 0)
    assert body.most <= 1024 * 1024


def test_other_pages_take_their_files_as_before(world: World, small_limit: int) -> None:
    file = SimpleUploadedFile("large.log", b"x" * (small_limit + 10))
    answer = world.client("fin").post("/imports/payments/", {"file": file})
    assert answer.status_code == 405
    assert not hasattr(answer.wsgi_request, "too_large")
    assert answer.wsgi_request.FILES["file"].size == small_limit + 10


# Downloads


@pytest.mark.parametrize("kind", ["prices", "components", "payments"])
def test_the_sample_can_be_brought_back_as_it_is(world: World, kind: str) -> None:
    client = world.client("fin")
    sample = client.get(f"/imports/sample/{kind}/")
    assert sample["Content-Disposition"] == f'attachment; filename="{kind}-sample.csv"'
    here = upload(client, sample.content, kind)["Location"]
    running.work()
    with work_unit(STAFF):
        run = ImportRun.objects.get(pk=here.split("/")[2])
        cells = run.problems.filter(reason__contains="date") | run.problems.filter(reason__contains="amount")
        assert (run.state, cells.count()) == ("CHECKED", 0)


def test_the_problems_come_as_csv_that_no_spreadsheet_runs(world: World) -> None:
    run = checked(world, "COMPONENTS", f"{COMPONENTS}ACME,{SITE},DC-7,N-1,=1+1,,,\n")
    answer = world.client("fin").get(f"/imports/{run.pk}/problems.csv").content.decode("utf-8-sig")
    words = '"It begins with =, which spreadsheets run as a formula. Write it as plain text."'
    assert answer.splitlines() == ["line,column,value,reason", f"2,location,'=1+1,{words}"]


# Who may


ADDRESSES = ["/imports/", "/imports/sample/components/", "/imports/payments/"]


@pytest.mark.parametrize("who", ["ilse", "ana", "dirk", "dora", "marek", "duty", "sam"])
def test_everybody_else_finds_no_such_pages(world: World, who: str) -> None:
    run, client = checked(world, "PAYMENTS", f"{PAYMENTS}2026-01-01,1.00,EUR,Bolt,x,\n"), world.client(who)
    with work_unit(STAFF):
        line = BankLine.objects.create(
            run=run, line=9, fingerprint="9" * 64, booked_on="2026-01-01", amount=1, currency="EUR", state="UNMATCHED"
        )
    more = [f"/imports/{run.pk}/", f"/imports/{run.pk}/problems.csv", f"/imports/payments/{line.pk}/"]
    assert {address: client.get(address).status_code for address in ADDRESSES + more} == dict.fromkeys(
        ADDRESSES + more, 404
    )
    assert upload(client).status_code == 404
    assert client.post(more[0], {"action": "ALL"}).status_code == 404
    assert client.post(more[2], {"action": "aside", "reason": "x"}).status_code == 404
    assert fresh(run).state == "CHECKED"
    assert "/imports/" not in page(client.get("/components/"))


def test_a_coordinator_imports_components_and_nothing_else(world: World) -> None:
    with work_unit(STAFF):
        membership = world.people["rita"]
        membership.role = "coordinator"
        membership.save(update_fields=["role"])
    client = world.client("rita")
    shown = page(client.get("/imports/"))
    assert 'value="components"' in shown
    assert 'value="prices"' not in shown
    assert "Bank lines" not in shown
    assert upload(client, kind="payments").status_code == 422
    assert upload(client).status_code == 302
    run = checked(world, "PAYMENTS", f"{PAYMENTS}2026-01-01,1.00,EUR,Bolt,x,\n")
    assert client.get(f"/imports/{run.pk}/").status_code == 404
    assert client.get("/imports/payments/").status_code == 404


# Bank lines


@pytest.fixture
def line(world: World) -> BankLine:
    written(world, "PAYMENTS", f"{PAYMENTS}2026-01-01,1.00,EUR,Acme,thank you,\n")
    with work_unit(STAFF):
        return BankLine.objects.get()


def test_a_bank_line_is_listed_refused_at_its_field_and_set_aside(world: World, line: BankLine) -> None:
    client = world.client("fin")
    here = f"/imports/payments/{line.pk}/"
    assert here in page(client.get("/imports/payments/"))
    wrong = client.post(here, {"action": "book", "number": "2026-99999"})
    assert wrong.status_code == 422
    assert wrong.context["book"].errors == {"number": ["There is no invoice 2026-99999."]}
    assert 'value="2026-99999"' in page(wrong)
    assert client.post(here, {"action": "aside", "reason": ""}).status_code == 422
    done = client.post(here, {"action": "aside", "reason": "Interest of the bank"}, follow=True)
    assert "1.00 EUR from Acme set aside." in page(done)
    assert here not in page(client.get("/imports/payments/"))
    assert "Interest of the bank" in page(client.get("/imports/payments/?show=aside"))


# From the shell


def shell(path: Path, *options: str, kind: str = "components") -> str:
    out = StringIO()
    call_command("import_contracts", kind, str(path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_the_shell_does_the_same_and_says_it(world: World, file: Path) -> None:
    assert "Nothing was written." in shell(file, "--dry-run")
    assert installed() == 0
    assert "f.csv: 1 rows, 1 new, 0 changed, 0 the same, 0 not good." in shell(file)
    assert installed() == 1
    assert "There is nothing to write: no row is new or changed." in shell(file)
    assert not running.work(), "nothing is left to the worker"


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_the_shell_stops_at_a_bad_row_and_names_its_line(world: World, file: Path, option: list[str]) -> None:
    file.write_text(FILE + "NONE,X,DC-7,N-2,,,,\n", encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="Nothing was written: not every row is good"):
        call_command("import_contracts", "components", str(file), *option, stdout=out)
    assert "  line 3, customer: There is no customer with this code. (NONE)" in out.getvalue()
    assert installed() == 0


def test_the_shell_writes_the_good_rows_where_it_is_told_to(world: World, file: Path) -> None:
    file.write_text(FILE + "NONE,X,DC-7,N-2,,,,\n", encoding="utf-8")
    assert "Written: 1 new, 0 changed." in shell(file, "--good-rows")
    assert installed() == 1


def test_the_shell_says_why_a_file_is_refused(world: World, file: Path) -> None:
    file.write_bytes(b"a,b\n")
    with pytest.raises(CommandError, match="The heading has the wrong columns"):
        shell(file)
    with pytest.raises(CommandError, match="No such file"):
        shell(file.with_name("gone.csv"))


def test_the_worker_leaves_alone_what_the_shell_works_on(world: World) -> None:
    bring(world, "COMPONENTS", FILE, lease_until=timezone.now() + OURS)
    assert not running.work()


def test_what_is_stopped_by_hand_is_not_done_by_the_worker(world: World, file: Path, monkeypatch: Any) -> None:
    def stopped(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "read_and_judge", stopped)
    with pytest.raises(KeyboardInterrupt):
        shell(file)
    with work_unit(STAFF):
        run = ImportRun.objects.get()
    assert (run.state, run.message, run.lease_until) == ("FAILED", "It was stopped by hand.", None)
    assert not running.work()
