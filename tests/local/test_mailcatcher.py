import http.client
import json
import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from rozoom_support.local.mailstore import MailStore
from rozoom_support.local.state import ROOT
from tests.local.conftest import bare_environment

pytestmark = pytest.mark.processes
NASTY = "<script>alert(1)</script>"


class Catcher:
    def __init__(self, smtp: int, http: int) -> None:
        self.smtp, self.http = smtp, http

    def get(self, path: str, host: str = "localhost") -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=5)
        connection.request("GET", path, headers={"Host": host})
        reply = connection.getresponse()
        body = reply.read().decode()
        connection.close()
        return reply.status, body, dict(reply.headers)

    def mails(self) -> list[dict[str, str]]:
        return json.loads(self.get("/api/mails")[1])

    def send(self, message: EmailMessage) -> str:
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=5) as smtp:
            smtp.send_message(message)
        return self.mails()[0]["id"]


@pytest.fixture(scope="module")
def catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catcher]:
    folder = tmp_path_factory.mktemp("mail")
    command = [sys.executable, "-m", "rozoom_support.local.mailcatcher", "--folder", str(folder)]
    command += ["--smtp-port", "21025", "--http-port", "28025"]
    process = subprocess.Popen(command, cwd=ROOT, env=bare_environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    ports = re.findall(r":(\d+)", process.stdout.readline())
    try:
        yield Catcher(int(ports[0]), int(ports[1]))
    finally:
        process.terminate()
        assert process.wait(5) == 0


def a_mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {"From": "desk@rozoom.example", "To": "kim@a.example", "Subject": "Hello", **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content("See http://127.0.0.1:8000/tickets/7?a=1&b=2.\n")
    return message


def test_a_mail_is_listed_with_what_a_program_needs(catcher: Catcher):
    identifier = catcher.send(a_mail(Message_ID="<1@rozoom.example>", Date="Mon, 23 Nov 2026 10:00:00 +0000"))
    assert catcher.mails()[0] == {
        "id": identifier,
        "message_id": "<1@rozoom.example>",
        "from": "desk@rozoom.example",
        "to": ["kim@a.example"],
        "subject": "Hello",
        "date": "Mon, 23 Nov 2026 10:00:00 +0000",
        "text": "See http://127.0.0.1:8000/tickets/7?a=1&b=2.\n",
    }


def test_an_address_in_the_text_can_be_followed(catcher: Catcher):
    page = catcher.get(f"/mails/{catcher.send(a_mail())}")[1]
    assert '<a href="http://127.0.0.1:8000/tickets/7?a=1&amp;b=2" rel="noreferrer">' in page


@pytest.mark.parametrize("header", ["Subject", "From", "To", "Date", "X-Other"])
def test_what_stands_in_a_header_is_never_markup(catcher: Catcher, header: str):
    value = f'"{NASTY}" <kim@a.example>' if header in {"From", "To"} else NASTY
    raw = b"%s: %s\r\n\r\n%s\r\n" % (header.encode(), value.encode(), NASTY.encode())
    with smtplib.SMTP("127.0.0.1", catcher.smtp, timeout=5) as smtp:
        smtp.sendmail("a@a.example", ["b@b.example"], raw)
    identifier = catcher.mails()[0]["id"]
    for path in ("/", f"/mails/{identifier}"):
        page = catcher.get(path)[1]
        assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_html_part_is_shut_in_a_frame_that_runs_nothing(catcher: Catcher):
    message = a_mail()
    message.add_alternative(f"<p>Hi</p>{NASTY}", subtype="html")
    identifier = catcher.send(message)
    page, part = catcher.get(f"/mails/{identifier}"), catcher.get(f"/mails/{identifier}/html")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page[1]
    assert "<script" not in page[1]
    policy = part[2]["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-popups" in policy


def test_a_mail_nobody_can_decode_is_shown_as_far_as_it_goes(catcher: Catcher):
    with smtplib.SMTP("127.0.0.1", catcher.smtp, timeout=5) as smtp:
        smtp.sendmail("a@a.example", ["b@b.example"], b"Content-Type: text/plain; charset=x-none\r\n\r\nh\xe9llo\r\n")
    identifier = catcher.mails()[0]["id"]
    assert "h�llo" in catcher.get(f"/mails/{identifier}")[1]


def test_it_can_be_downloaded_as_it_came(catcher: Catcher):
    status, raw, headers = catcher.get(f"/mails/{catcher.send(a_mail())}.eml")
    assert (status, headers["Content-Type"]) == (200, "message/rfc822")
    assert raw.startswith("From: desk@rozoom.example")


@pytest.mark.parametrize("path", ["/mails/1", "/mails/../secret_key", "/mails/..%2fsecret_key", "/api/mails/1", "/x"])
def test_what_is_not_kept_is_not_found(catcher: Catcher, path: str):
    assert catcher.get(path)[0] == 404


def test_another_sites_name_for_this_machine_is_not_served(catcher: Catcher):
    assert catcher.get("/api/mails", host="evil.example")[0] == 421
    assert catcher.get("/healthz", host=f"localhost:{catcher.http}")[:2] == (200, "ok\n")


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path):
    store = MailStore(tmp_path, kept=3)
    kept = [store.add(sender="a@a.example", recipients=["b@b.example"], raw=b"\r\n") for _ in range(5)]
    assert store.identifiers() == kept[:1:-1]
    assert len(list(tmp_path.iterdir())) == 6
