"""A mailbox that speaks as much IMAP as fetching from it needs, on loopback."""

import re
import socketserver
import threading
from typing import Any


class Conversation(socketserver.StreamRequestHandler):
    server: "Mailbox"

    def handle(self) -> None:
        self.say("* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            if not self.answer(tag, rest):
                return

    def say(self, text: str | bytes) -> None:
        self.wfile.write((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def answer(self, tag: str, rest: str) -> bool:
        box, word = self.server, rest.split(" ")[0].upper()
        if word == "CAPABILITY":
            self.say("* CAPABILITY IMAP4rev1")
        elif word == "LOGIN" and box.password not in rest:
            self.say(f"{tag} NO wrong password")
            return True
        elif word in ("SELECT", "EXAMINE"):
            self.say(f"* {len(box.mails)} EXISTS")
        elif rest.upper().startswith("UID SEARCH"):
            unread = [str(at + 1) for at in range(len(box.mails)) if at not in box.read]
            self.say(f"* SEARCH {' '.join(unread)}")
        elif rest.upper().startswith("UID STORE"):
            box.read.add(int(rest.split(" ")[2]) - 1)
        elif rest.upper().startswith("UID FETCH"):
            self.fetch(rest)
        elif word == "LOGOUT":
            self.say("* BYE")
        self.say(f"{tag} OK done")
        return word != "LOGOUT"

    def fetch(self, rest: str) -> None:
        number = int(rest.split(" ")[2])
        raw = self.server.mails[number - 1]
        if "RFC822.SIZE" in rest:
            self.say(f"* {number} FETCH (UID {number} RFC822.SIZE {self.server.sizes.get(number, len(raw))})")
            return
        part = re.search(r"<0\.(\d+)>", rest)
        given = raw[: int(part[1])] if part else raw
        self.server.fetched.append(rest)
        self.say(f"* {number} FETCH (UID {number} BODY[] {{{len(given)}}}".encode())
        self.wfile.write(given + b")\r\n")


class Mailbox(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *mails: bytes, password: str = "secret") -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails = list(mails)
        self.password = password
        self.read: set[int] = set()
        self.sizes: dict[int, int] = {}
        self.fetched: list[str] = []

    @property
    def url(self) -> str:
        return f"imap://support:secret@127.0.0.1:{self.server_address[1]}/INBOX"

    def __enter__(self) -> "Mailbox":
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()
