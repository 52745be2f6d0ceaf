"""An SMTP server that keeps every mail, and pages to read them: `python -m rozoom_support.local.mailcatcher`"""

import argparse
import asyncio
import ipaddress
import json
import re
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from rozoom_support.local import mailpages
from rozoom_support.local.mailstore import MailStore
from rozoom_support.local.ports import listen, port_of
from rozoom_support.local.supervisor import say

MAIL_BYTES = 40 * 1024 * 1024  # ten files of a message, encoded, and some room
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PART_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
ONE_MAIL = re.compile(r"/mails/([0-9a-f-]+)(\.eml|/html)?")


class Keeper:
    """aiosmtpd's handler: takes every recipient and keeps the mail."""

    def __init__(self, store: MailStore) -> None:
        self.store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        try:
            kept = self.store.add(sender=envelope.mail_from or "", recipients=list(envelope.rcpt_tos), raw=raw)
        except OSError as problem:
            return f"452 not kept: {problem.strerror}"
        return f"250 kept as {kept}"


class Pages(BaseHTTPRequestHandler):
    server: "PagesServer"
    server_version = "rozoom-mail"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not self._host_is_local():
            return self._answer(421, "text/plain", "This host name is not served here.\n")
        store, path = self.server.store, urlsplit(self.path).path
        if path == "/":
            return self._page(mailpages.mail_list(store.all()))
        if path == "/style.css":
            return self._answer(200, "text/css", mailpages.STYLE)
        if path == "/healthz":
            return self._answer(200, "text/plain", "ok\n")
        if path == "/api/mails":
            return self._json([mail.summary() for mail in store.all()])
        if path.startswith("/api/mails/") and (mail := store.get(path.removeprefix("/api/mails/"))):
            return self._json({**mail.summary(), "html": mail.html, "headers": mail.headers()})
        if (found := ONE_MAIL.fullmatch(path)) and (mail := store.get(found[1])):
            if found[2] == "/html":
                return self._answer(200, "text/html", mailpages.html_part(mail), policy=PART_POLICY)
            if found[2] == ".eml":
                return self._answer(200, "message/rfc822", mail.raw)
            return self._page(mailpages.one_mail(mail))
        return self._page(mailpages.not_found(), 404)

    do_HEAD = do_GET  # noqa: N815

    def _host_is_local(self) -> bool:
        """A page elsewhere that points its own name at this machine (DNS rebinding) must not read the mail."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        if host == "localhost":
            return True
        try:
            return bool(ipaddress.ip_address(host))
        except ValueError:
            return False

    def _page(self, html: str, status: int = 200) -> None:
        self._answer(status, "text/html", html)

    def _json(self, value: object) -> None:
        self._answer(200, "application/json", json.dumps(value, ensure_ascii=False))

    def _answer(self, status: int, kind: str, content: str | bytes, policy: str = PAGE_POLICY) -> None:
        body = content.encode("utf-8", "replace") if isinstance(content, str) else content
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if isinstance(content, str) else kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Readers of the mail need no log."""


class PagesServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, store: MailStore) -> None:
        self.store = store
        super().__init__(listener.getsockname()[:2], Pages, bind_and_activate=False)
        self.socket.close()
        self.socket = listener


async def keep_mail(listener: socket.socket, store: MailStore) -> None:
    """Until SIGTERM or Ctrl-C."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keeper = Keeper(store)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="mail.local", data_size_limit=MAIL_BYTES, enable_SMTPUTF8=True, loop=loop),
        sock=listener,
    )
    await stop.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rozoom_support.local.mailcatcher")
    parser.add_argument("--folder", type=Path, default=Path("var/mail"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=1025, help="or the next free one")
    parser.add_argument("--http-port", type=int, default=8025, help="or the next free one")
    parser.add_argument("--smtp-fd", type=int, help="a listening socket handed over")
    parser.add_argument("--http-fd", type=int, help="a listening socket handed over")
    options = parser.parse_args()
    store = MailStore(options.folder)
    smtp = socket.socket(fileno=options.smtp_fd) if options.smtp_fd else listen(options.smtp_port, options.host)
    http = socket.socket(fileno=options.http_fd) if options.http_fd else listen(options.http_port, options.host)
    pages = PagesServer(http, store)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    say(f"mail comes to smtp://{options.host}:{port_of(smtp)} and is read at http://{options.host}:{port_of(http)}/")
    asyncio.run(keep_mail(smtp, store))
    pages.shutdown()


if __name__ == "__main__":
    main()
