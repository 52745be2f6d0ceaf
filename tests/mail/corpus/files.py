"""Attachments: names, shapes, wrappings."""

from struct import pack

from tests.mail.corpus.case import JPEG, PDF, PNG, Case, Has, html, multi, nested, part

TEXT = part("text/plain; charset=utf-8", "See the file.")
SEEN = {"written": "See the file."}


def attached(name: str, *fields: str, kind: str = "application/pdf", data: bytes = PDF) -> bytes:
    return multi("mixed", TEXT, part(kind, data, *fields, encoding="base64"))


def tnef(*attributes: tuple[int, int, bytes]) -> bytes:
    """winmail.dat of these (level, attribute, data)."""
    out = pack("<IH", 0x223E9F78, 1)
    for level, attribute, data in attributes:
        out += pack("<BII", level, attribute, len(data)) + data + pack("<H", sum(data) & 0xFFFF)
    return out


def wide(name: str) -> bytes:
    """MAPI properties with a long file name in UTF-16."""
    text = (name + "\0").encode("utf-16-le")
    return (
        pack("<I", 2)
        + pack("<HHI", 3, 0x3705, 1)
        + pack("<HHII", 0x1F, 0x3707, 1, len(text))
        + text
        + b"\0" * (-len(text) % 4)
    )


WINMAIL = tnef(
    (1, 0x00018008, b"IPM.Note\0"),
    (1, 0x0002800C, b"Text from winmail.\0"),
    (2, 0x00069002, b"\0" * 14),
    (2, 0x00018010, b"REPORT~1.PDF\0"),
    (2, 0x0006800F, PDF),
    (2, 0x00069005, wide("Report über Lift 2.pdf")),
)
CALENDAR = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Repair\nEND:VEVENT\nEND:VCALENDAR\n"
CASES = [
    Case("file", attached("a", "Content-Disposition: attachment; filename=report.pdf"), SEEN, files=["report.pdf"]),
    Case(
        "name in the type",
        attached("a", "Content-Disposition: attachment", kind="application/pdf; name=report.pdf"),
        SEEN,
        files=["report.pdf"],
    ),
    Case(
        "name by rfc 2231",
        attached("a", "Content-Disposition: attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe%20%E2%82%AC.pdf"),
        SEEN,
        files=["Größe €.pdf"],
    ),
    Case(
        "name in pieces",
        attached("a", "Content-Disposition: attachment; filename*0=a-very-; filename*1=long-name.pdf"),
        SEEN,
        files=["a-very-long-name.pdf"],
    ),
    Case(
        "name in encoded words",
        attached("a", 'Content-Disposition: attachment; filename="=?utf-8?B?R3LDtsOfZS5wZGY=?="'),
        SEEN,
        files=["Größe.pdf"],
    ),
    Case(
        "name with a path",
        attached("a", 'Content-Disposition: attachment; filename="../../etc/passwd"'),
        SEEN,
        files=[".._.._etc_passwd"],
    ),
    Case(
        "name of a windows path",
        attached("a", 'Content-Disposition: attachment; filename="C:\\\\temp\\\\a.pdf"'),
        SEEN,
        files=["C:_temp_a.pdf"],
    ),
    Case("name missing", attached("a", "Content-Disposition: attachment"), SEEN, files=["application.pdf"]),
    Case(
        "name that turns the reading order",
        attached("a", "Content-Disposition: attachment; filename*=utf-8''a%E2%80%AEfdp.exe"),
        SEEN,
        files=["afdp.exe"],
    ),
    Case(
        "text as a file",
        multi(
            "mixed",
            TEXT,
            part("text/plain; name=log.txt", "E42\n", "Content-Disposition: attachment; filename=log.txt"),
        ),
        SEEN,
        files=["log.txt"],
    ),
    Case(
        "html as a file",
        multi("mixed", TEXT, part("text/html", "<p>x</p>", "Content-Disposition: attachment; filename=page.html")),
        SEEN,
        files=["page.html"],
    ),
    Case(
        "two files",
        multi(
            "mixed",
            TEXT,
            part("image/png; name=a.png", PNG, encoding="base64"),
            part("image/jpeg; name=b.jpg", JPEG, encoding="base64"),
        ),
        SEEN,
        files=["a.png", "b.jpg"],
    ),
    Case(
        "only a file",
        multi("mixed", part("application/pdf; name=a.pdf", PDF, "Content-Disposition: attachment", encoding="base64")),
        {"written": ""},
        files=["a.pdf"],
    ),
    Case(
        "mail as a file",
        multi("mixed", TEXT, part("message/rfc822", "From: bob@x.example\nSubject: Door is stuck\n\nThe door.\n")),
        SEEN,
        files=["Door is stuck.eml"],
    ),
    Case(
        "several mails as files",
        multi(
            "mixed",
            TEXT,
            nested(
                "digest",
                part("message/rfc822", "Subject: A\n\na\n"),
                part("message/rfc822", "Subject: B\n\nb\n"),
                boundary="inner",
            ),
        ),
        SEEN,
        files=["A.eml", "B.eml"],
    ),
    Case(
        "winmail.dat",
        attached(
            "w", "Content-Disposition: attachment; filename=winmail.dat", kind="application/ms-tnef", data=WINMAIL
        ),
        {"written": Has("Text from winmail.")},
        files=["Report über Lift 2.pdf"],
    ),
    Case(
        "winmail.dat by its name",
        attached(
            "w", "Content-Disposition: attachment; filename=WINMAIL.DAT", kind="application/octet-stream", data=WINMAIL
        ),
        {},
        files=["Report über Lift 2.pdf"],
    ),
    Case(
        "winmail.dat cut short",
        attached(
            "w",
            "Content-Disposition: attachment; filename=winmail.dat",
            kind="application/ms-tnef",
            data=WINMAIL[:-300],
        ),
        SEEN,
        files=["winmail.dat"],
    ),
    Case(
        "winmail.dat that is none",
        attached(
            "w", "Content-Disposition: attachment; filename=winmail.dat", kind="application/ms-tnef", data=b"nonsense"
        ),
        SEEN,
        files=["winmail.dat"],
    ),
    Case(
        "invitation",
        multi(
            "alternative",
            part("text/plain", "Repair on Monday"),
            part("text/html", "<p>Repair on Monday</p>"),
            part("text/calendar; method=REQUEST", CALENDAR),
        ),
        {"written": "Repair on Monday"},
        files=["invitation.ics"],
    ),
    Case(
        "invitation alone",
        multi("mixed", part("text/calendar; method=REQUEST; name=invite.ics", CALENDAR)),
        {"written": ""},
        files=["invite.ics"],
    ),
    Case(
        "signed",
        multi("signed", TEXT, part("application/pgp-signature; name=signature.asc", "-----BEGIN PGP SIGNATURE-----")),
        SEEN,
        files=[],
    ),
    Case(
        "signed by a certificate",
        multi("signed", TEXT, part("application/pkcs7-signature; name=smime.p7s", PDF, encoding="base64")),
        SEEN,
        files=[],
    ),
    Case(
        "sealed",
        multi("mixed", part("application/pkcs7-mime; name=smime.p7m", PDF, encoding="base64")),
        {"notes": ["The mail is encrypted or sealed, so we can not read it here."]},
        files=["smime.p7m"],
    ),
    Case(
        "encrypted",
        multi(
            "encrypted",
            part("application/pgp-encrypted", "Version: 1"),
            part("application/octet-stream; name=encrypted.asc", PDF, encoding="base64"),
        ),
        {"notes": ["The mail is encrypted or sealed, so we can not read it here."]},
    ),
    Case(
        "outlook puts the picture into a mixed",
        multi(
            "mixed",
            part("text/html", '<p>Look <img src="cid:i1"></p>'),
            part("image/png; name=i.png", PNG, "Content-ID: <i1>", encoding="base64"),
        ),
        {"written": "Look [picture: i.png]"},
        files=["i.png"],
    ),
    Case(
        "uuencoded",
        multi(
            "mixed",
            TEXT,
            part("application/octet-stream; name=a.bin", "begin 644 a.bin\n%:&5L;&\\\n`\nend\n", encoding="x-uuencode"),
        ),
        SEEN,
        files=["a.bin"],
    ),
    Case(
        "text twice, the second below",
        multi("mixed", TEXT, part("text/plain", "This mail was scanned.")),
        {"written": "See the file.\n\nThis mail was scanned."},
    ),
    Case(
        "html of a newsletter",
        html(
            "<html><head><title>T</title></head><body><center><table><tr><td><h1>News</h1></td></tr></table></center></body></html>"
        ),
        {"written": "News"},
    ),
]
