"""What is broken on the way, or was never right."""

from tests.mail.corpus.case import PDF, Case, Has, head, html, multi, nested, part, parts, plain

CASES = [
    Case("nothing", b"", {"from": [], "written": "", "subject": ""}),
    Case("only a line end", b"\r\n", {"written": ""}),
    Case("no header", b"Just some words.\n", {"from": []}),
    Case("no body", head().encode(), {"written": "", "subject": "Lift 2 stands still"}),
    Case("no body and no empty line", head().rstrip().encode(), {"written": "", "subject": "Lift 2 stands still"}),
    Case("spaces for a body", head().encode() + b"  \r\n\t\r\n", {"written": ""}),
    Case("no type", plain("Words").replace(b"Content-Type: text/plain; charset=utf-8\r\n", b""), {"written": "Words"}),
    Case("type of nonsense", head(kind="complete nonsense").encode() + b"Words", {"written": "Words"}),
    Case(
        "boundary missing",
        head(kind="multipart/mixed").encode() + b"Words without a boundary",
        {"written": Has("Words without a boundary")},
    ),
    Case(
        "boundary never used",
        head(kind='multipart/mixed; boundary="edge"').encode() + b"Words nobody fenced",
        {"written": Has("Words nobody fenced")},
    ),
    Case(
        "last boundary missing",
        head(kind='multipart/mixed; boundary="=_edge"').encode()
        + parts(part("text/plain", "Words")).rsplit(b"--=_edge--", 1)[0],
        {"written": "Words"},
    ),
    Case(
        "boundary with odd letters",
        multi("mixed", part("text/plain", "Words"), boundary="a'()+_,-./:=? b"),
        {"written": "Words"},
    ),
    Case(
        "same boundary inside",
        multi(
            "mixed", nested("alternative", part("text/plain", "Inner"), boundary="=_edge"), part("text/plain", "Outer")
        ),
        {"written": Has("Inner")},
    ),
    Case("empty parts", multi("mixed", b"", b"\r\n", part("text/plain", "Words")), {"written": Has("Words")}),
    Case("base64 with nonsense in it", head(encoding="base64").encode() + b"V29y!!ZHM=\r\n****", {"written": "Words"}),
    Case("base64 cut short", head(encoding="base64").encode() + b"V29yZHMgYW5kIG1vcm", {"written": Has("Words")}),
    Case(
        "quoted-printable with nonsense",
        head(encoding="quoted-printable").encode() + b"Words =ZZ and =",
        {"written": Has("Words")},
    ),
    Case("unknown encoding", head(encoding="x-rot-26").encode() + b"Words", {"written": "Words"}),
    Case("zero bytes", head().encode() + b"Wor\x00ds \x01\x02\x1b[31m", {"written": "Words [31m"}),
    Case(
        "half of a surrogate",
        plain("Words \ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "latin-1"),
        {"written": Has("Words")},
    ),
    Case(
        "bare surrogate in a header",
        head(subject="a").encode().replace(b"Subject: a", b"Subject: a\xed\xa0\x80b") + b"x",
        {"subject": Has("a")},
    ),
    Case(
        "header without a colon",
        b"From: ilse@test.example\r\nnonsense\r\nSubject: x\r\n\r\nWords",
        {"from": [["", "ilse@test.example"]]},
    ),
    Case("header of a colon alone", b": x\r\nFrom: ilse@test.example\r\n\r\nWords", {}),
    Case(
        "unix from line first",
        b"From ilse@test.example Mon Nov 23 14:05:00 2026\r\n" + plain("Words"),
        {"written": "Words", "subject": "Lift 2 stands still"},
    ),
    Case("byte order mark first", b"\xef\xbb\xbf" + plain("Words"), {}),
    Case("utf-16 as a whole", plain("Words").decode().encode("utf-16"), {"from": []}),
    Case(
        "no sender",
        plain("Words").replace(b"From: Ilse Vermeer <ilse@test.example>\r\n", b""),
        {"from": [], "from_fields": 0},
    ),
    Case(
        "two senders in one field",
        plain("Words", sender="a@test.example, b@test.example"),
        {"from": [["", "a@test.example"], ["", "b@test.example"]]},
    ),
    Case("two sender fields", plain("Words", more="From: bob@x.example"), {"from_fields": 2}),
    Case("sender of nonsense", plain("Words", sender="<<>>@@"), {"from": []}),
    Case("sender without a host", plain("Words", sender="Ilse <ilse>"), {"from": []}),
    Case("group for a sender", plain("Words", sender="undisclosed-recipients:;"), {"from": []}),
    Case("message id of nonsense", plain("Words", number="a b c"), {"message_id": ""}),
    Case("html never closed", html("<p>Words <b>and <i>more"), {"written": "Words and more"}),
    Case("html with a comment never closed", html("<p>Words</p><!-- never"), {"written": Has("Words")}),
    Case("html of nothing", html("<html><body></body></html>"), {"written": ""}),
    Case("html cut in a tag", html("<p>Words</p><a href='htt"), {"written": Has("Words")}),
    Case("only zeros", b"\x00" * 5000, {"from": []}),
    Case("a pdf instead of a mail", PDF, {"from": []}),
    Case(
        "file without content",
        multi(
            "mixed",
            part("text/plain", "Words"),
            part("application/pdf; name=a.pdf", b"", "Content-Disposition: attachment"),
        ),
        {"written": "Words"},
        files=["a.pdf"],
    ),
]
