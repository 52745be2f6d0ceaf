"""More that is odd, broken on the way or meant to deceive, in headers, charsets and parts."""

from base64 import b64encode

from tests.mail.corpus.case import JPEG, PDF, Case, Has, Without, head, html, multi, nested, part, plain

MEGABYTE = 1024 * 1024
CUT = b64encode("Größe".encode())


def subject(name: str, line: str, wanted: object) -> Case:
    return Case(name, plain("x", subject=line), {"subject": wanted})


def sender(name: str, line: str, *wanted: list[str]) -> Case:
    return Case(name, plain("x", sender=line), {"from": list(wanted)})


HEADERS = [
    subject("word cut inside a letter", "=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
    subject("word cut inside a letter, quoted", "=?UTF-8?Q?Gr=C3?=\r\n =?utf-8?q?=BC=C3=9Fe_2?=", "Grüße 2"),
    subject("words of two charsets", "=?iso-8859-1?q?Gr=FC=DFe?= =?utf-8?q?_=E2=9C=93?=", "Grüße ✓"),
    subject("a shifted charset over two words", "=?iso-2022-jp?B?GyRCPjo5ZyE=?= lift", Has("lift")),
    subject(
        "line ends inside a word",
        "=?utf-8?q?Lift=0D=0ABcc:_evil=40elsewhere.example?=",
        "Lift Bcc: evil@elsewhere.example",
    ),
    subject("zero bytes in a subject", "Lift\x00 2\x01", "Lift 2"),
    subject("words inside words", "=?utf-8?q?=3D=3Futf-8=3Fq=3Fevil=3F=3D?=", "=?utf-8?q?evil?="),
    subject("a subject nobody ends", "=?utf-8?B?TGlmdCAy", "=?utf-8?B?TGlmdCAy"),
    Case("two subjects, the first counts", plain("x", more="Subject: Another one"), {"subject": "Lift 2 stands still"}),
    Case("two numbers of a mail", plain("x", more="Message-ID: <2@test.example>"), {"message_id": "<1@test.example>"}),
    Case(
        "a bare carriage return smuggles a sender in",
        plain("x", subject="Lift\rFrom: marek@test.example\rX: y"),
        {"from_fields": 2},
    ),
    sender(
        "an address for a name",
        '"ilse@test.example" <evil@elsewhere.example>',
        ["ilse@test.example", "evil@elsewhere.example"],
    ),
    sender(
        "a coded address for a name",
        "=?utf-8?q?ilse=40test=2Eexample?= <evil@elsewhere.example>",
        ["ilse@test.example", "evil@elsewhere.example"],
    ),
    sender(
        "an address in a comment",
        "evil@elsewhere.example (ilse@test.example)",
        ["ilse@test.example", "evil@elsewhere.example"],
    ),
    Case(
        "a letter that becomes another one in small letters",
        head(sender="SENDER").encode().replace(b"SENDER", "Marek <mare\u212a@test.example>".encode()) + b"x",
        {"from": [["Marek", "mare\u212a@test.example"]]},
    ),
    Case(
        "a right-to-left sender",
        head(sender="SENDER")
        .encode()
        .replace(b"SENDER", "\u202eelpmaxe.tset@esli\u202c <evil@elsewhere.example>".encode())
        + b"x",
        {"from": [["", "elpmaxe.tset@esli"], ["", "evil@elsewhere.example"]]},
    ),
]
TEXTS = [
    Case("gb18030, four bytes a letter", plain("电梯 𠀀 停", "gb18030", "base64"), {"written": "电梯 𠀀 停"}),
    Case("utf-16 without a mark", plain("Lift — zwei", "utf-16-le", "base64"), {"written": "Lift — zwei"}),
    Case("utf-32", plain("Lift — zwei", "utf-32", "base64"), {"written": "Lift — zwei"}),
    Case("koi8-u", plain("Ліфт їде", "koi8-u"), {"written": "Ліфт їде"}),
    Case(
        "windows-1255, right to left with marks",
        plain("המעלית \u200f2 תקועה", "windows-1255"),
        {"written": Has("תקועה")},
    ),
    Case("iso-2022-kr", plain("엘리베이터", "iso-2022-kr", "base64"), {"written": "엘리베이터"}),
    Case(
        "a shift nobody ends",
        head(kind="text/plain; charset=iso-2022-jp").encode() + b"Lift \x1b$B>:9_",
        {"written": Has("Lift")},
    ),
    Case(
        "base64 in pieces",
        head(encoding="base64").encode() + b"V29yZHM=\r\nIGFuZCBtb3Jl\r\n",
        {"written": Has("Words")},
    ),
    Case(
        "base64 with lines of a list below",
        head(encoding="base64").encode() + b64encode(b"Words and more") + b"\r\n\r\n--\r\nSent by a list\r\n",
        {"written": Has("Words and more")},
    ),
    Case(
        "flowed, quoted and signed",
        plain(
            "Yes, it \nworks now.\n\n-- \nIlse\n\nOn 23/11/2026 14:05, roZoom Support wrote:\n> We have \n> your ticket.\n",
            kind="text/plain; charset=utf-8; format=flowed",
        ),
        {"written": "Yes, it works now.\n\n--\nIlse", "history": Has("We have your ticket.")},
    ),
    Case(
        "a line of a megabyte, not coded",
        plain("x" * MEGABYTE, encoding="8bit"),
        {"written": "x" * 60 * 1024},
        files=["whole-text.txt"],
    ),
    Case("html with an attribute of a megabyte", html(f'<p title="{"x" * MEGABYTE}">Words</p>'), {"written": "Words"}),
    Case("html with a hundred thousand brackets", html("<" * 100_000 + "<p>Words</p>"), {"written": Has("")}),
]


def file(name: str, line: str, wanted: str) -> Case:
    inner = part("application/pdf", PDF, f"Content-Disposition: attachment; {line}", encoding="base64")
    return Case(name, multi("mixed", part("text/plain", "Words"), inner), {"written": "Words"}, files=[wanted])


FILES = [
    file(
        "name in pieces, the last one plain",
        "filename*0*=utf-8''%e2%82%ac; filename*1*=%20rates; filename*2=\".pdf\"",
        "€ rates.pdf",
    ),
    file("name out of order", 'filename*1=" two.pdf"; filename*0="one"', "one two.pdf"),
    file("name of an unknown charset", "filename*=no-such''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
    file("name of two words", 'filename="=?utf-8?B?R3LD?= =?utf-8?B?tsOfZS5wZGY=?="', "Größe.pdf"),
    file("name that climbs", 'filename="../../etc/pass\x00wd.pdf"', ".._.._etc_passwd.pdf"),
    file(
        "name that turns around",
        f'filename="=?utf-8?B?{b64encode(chr(0x202E).encode() + b"fdp.exe").decode()}?="',
        "fdp.exe",
    ),
    Case(
        "mail in a mail in a mail",
        multi(
            "mixed",
            part("text/plain", "See below"),
            part(
                "message/rfc822",
                b"Subject: Outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\nFrom: a@b.example\r\n\r\nDeep words\r\n",
            ),
        ),
        {"written": "See below", "from": [["Ilse Vermeer", "ilse@test.example"]]},
        files=["Outer.eml"],
    ),
    Case(
        "apple double",
        multi(
            "mixed",
            part("text/plain", "Words"),
            nested(
                "appledouble",
                part(
                    "application/applefile; name=photo.jpg",
                    b"\x00\x05\x16\x07" + b"\x00" * 60,
                    "Content-Disposition: attachment; filename=photo.jpg",
                    encoding="base64",
                ),
                part(
                    "image/jpeg; name=photo.jpg",
                    JPEG,
                    "Content-Disposition: inline; filename=photo.jpg",
                    encoding="base64",
                ),
                boundary="inner",
            ),
        ),
        {"written": "Words"},
        files=["photo.jpg"],
    ),
    Case(
        "s/mime signed, nested",
        multi(
            'signed; protocol="application/pkcs7-signature"; micalg=sha-256',
            nested("alternative", part("text/plain", "Words"), part("text/html", "<p>Words</p>"), boundary="inner"),
            part(
                "application/pkcs7-signature; name=smime.p7s",
                b"0\x80\x06",
                "Content-Disposition: attachment; filename=smime.p7s",
                encoding="base64",
            ),
        ),
        {"written": "Words", "notes": []},
        files=[],
    ),
    Case(
        "pgp signed, apart",
        multi(
            'signed; protocol="application/pgp-signature"',
            part("text/plain", "Words"),
            part(
                "application/pgp-signature; name=signature.asc",
                "-----BEGIN PGP SIGNATURE-----\n\n=abcd\n-----END PGP SIGNATURE-----\n",
            ),
        ),
        {"written": "Words", "html": Without("PGP")},
        files=[],
    ),
    Case("two types", plain("Words", more="Content-Type: text/html"), {"written": "Words"}),
]
CASES = [*HEADERS, *TEXTS, *FILES]
