"""Charsets, right and wrong, in bodies and in headers."""

from base64 import b64encode

from tests.mail.corpus.case import Case, head, html, plain

TEXTS = {
    "utf-8": "Der Aufzug hält – „zwischen“ 🚧 Größe",
    "iso-8859-1": "L'ascenseur est bloqué à l'étage",
    "iso-8859-15": "Prix : 12 € déjà payé",
    "windows-1252": "“The lift” — it’s stuck…",
    "iso-8859-2": "Výtah stojí, Łódź, žluťoučký kůň",
    "windows-1250": "Dźwig stoi między piętrami",
    "koi8-r": "Лифт стоит между этажами",
    "windows-1251": "Ліфт стоїть між поверхами",
    "iso-8859-7": "Το ασανσέρ δεν κινείται",
    "iso-8859-9": "Asansör katlar arasında kaldı, şimdi ığ",
    "windows-1255": "המעלית תקועה",
    "windows-1256": "المصعد متوقف",
    "shift_jis": "エレベーターが止まりました",
    "iso-2022-jp": "エレベーターが止まりました",
    "euc-jp": "昇降機が停止",
    "euc-kr": "엘리베이터가 멈췄습니다",
    "gb2312": "电梯停了",
    "gb18030": "电梯在两层之间停了",
    "big5": "電梯停在樓層之間",
    "tis-620": "ลิฟต์หยุด",
    "utf-16": "Lift — zwei",
    "utf-7": "Lift steht: ä ö ü",
}
BODIES = [
    Case(f"{charset}, {encoding}", plain(text, charset, encoding), {"written": text})
    for charset, text in TEXTS.items()
    for encoding in (["base64"] if charset in ("utf-16", "iso-2022-jp") else ["quoted-printable"])
]
# (claimed, truly, text)
WRONG = [
    ("us-ascii", "utf-8", "Größe ✓"),
    ("us-ascii", "windows-1252", "Größe"),
    ("iso-8859-1", "utf-8", "Größe und Höhe"),
    ("utf-8", "windows-1252", "Größe"),
    ("x-unknown", "utf-8", "Größe"),
    ("no-such-charset", "windows-1252", "Größe"),
    ("unicode_escape", "utf-8", "Größe \\x41"),
    ("idna", "utf-8", "Größe"),
    ("zip", "utf-8", "Größe"),
    ("", "utf-8", "Größe"),
    ("ks_c_5601-1987", "cp949", "엘리베이터"),
    ("iso-8859-8-i", "iso-8859-8", "המעלית"),
    ("gb2312", "gb18030", "镕基电梯"),
    ('"utf-8"', "utf-8", "Größe"),
    ("utf-8; format=flowed", "utf-8", "Größe"),
]
CLAIMED = [
    Case(
        f"claims {claimed or 'nothing'}, is {truly}",
        head(kind=f"text/plain; charset={claimed}" if claimed else "text/plain", encoding="8bit").encode()
        + text.encode(truly),
        {"written": text},
    )
    for claimed, truly, text in WRONG
]


def word(text: str, charset: str, kind: str = "b") -> str:
    if kind == "b":
        return f"=?{charset}?B?{b64encode(text.encode(charset)).decode()}?="
    quoted = "".join(f"={byte:02X}" for byte in text.encode(charset))
    return f"=?{charset}?q?{quoted}?="


HEADERS = [
    Case(
        "subject in utf-8", plain("x", subject=word("Aufzug hält – Größe", "utf-8")), {"subject": "Aufzug hält – Größe"}
    ),
    Case(
        "subject in latin", plain("x", subject=word("Grüße aus Köln", "iso-8859-1", "q")), {"subject": "Grüße aus Köln"}
    ),
    Case("subject in japanese", plain("x", subject=word("昇降機が停止", "iso-2022-jp")), {"subject": "昇降機が停止"}),
    Case(
        "subject in two words",
        plain("x", subject=f"{word('Der Aufzug ', 'utf-8')}\r\n {word('hält', 'utf-8')}"),
        {"subject": "Der Aufzug hält"},
    ),
    Case(
        "subject of words and letters",
        plain("x", subject=f"Re: {word('Größe', 'utf-8')} of lift 2"),
        {"subject": "Re: Größe of lift 2"},
    ),
    Case(
        "subject with raw bytes",
        head(subject="SUBJ").encode().replace(b"SUBJ", "Größe".encode()) + b"x",
        {"subject": "Größe"},
    ),
    Case(
        "subject with raw latin bytes",
        head(subject="SUBJ").encode().replace(b"SUBJ", "Größe".encode("latin-1")) + b"x",
        {"subject": "Größe"},
    ),
    Case("subject of an unknown charset", plain("x", subject="=?no-such?q?Gr=FC=DFe?="), {"subject": "Grüße"}),
    Case("subject that is no word", plain("x", subject="=?utf-8?b?!!!?= lift"), {"subject": "lift"}),
    Case(
        "subject folded",
        plain("x", subject="A long subject\r\n that goes on\r\n\tand on"),
        {"subject": "A long subject that goes on and on"},
    ),
    Case("subject missing", plain("x").replace(b"Subject: Lift 2 stands still\r\n", b""), {"subject": ""}),
    Case("subject with a language", plain("x", subject="=?utf-8*de?q?Gr=C3=BC=C3=9Fe?="), {"subject": "Grüße"}),
    Case(
        "subject that turns the reading order",
        plain("x", subject=word("exe.\u202efdp\u202c lift", "utf-8")),
        {"subject": "exe.fdp lift"},
    ),
    Case(
        "name in japanese",
        plain("x", sender=f"{word('山田太郎', 'utf-8')} <ilse@test.example>"),
        {"from": [["山田太郎", "ilse@test.example"]]},
    ),
    Case(
        "name with a comma",
        plain("x", sender='"Vermeer, Ilse" <Ilse@Test.Example>'),
        {"from": [["Vermeer, Ilse", "ilse@test.example"]]},
    ),
    Case("address alone", plain("x", sender="ilse@test.example"), {"from": [["", "ilse@test.example"]]}),
    Case(
        "address with a comment",
        plain("x", sender="ilse@test.example (Ilse Vermeer)"),
        {"from": [["Ilse Vermeer", "ilse@test.example"]]},
    ),
    Case(
        "html names its charset itself",
        html(
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>ЛИФТ</p>'.encode(
                "cp1251"
            ).decode("latin-1"),
            charset="latin-1",
            kind="text/html",
        ),
        {"written": "ЛИФТ"},
    ),
]
CASES = [*BODIES, *CLAIMED, *HEADERS]
