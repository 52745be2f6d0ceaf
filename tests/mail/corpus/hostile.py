"""What was built to do harm: to the reader, to whoever looks at it, to somebody else's ticket."""

from tests.mail.corpus.case import Case, Has, Without, head, html, multi, part, plain


def deep(levels: int) -> bytes:
    """Multiparts inside each other, as many as told."""
    opened = "".join(
        f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n' for level in range(levels)
    )
    return (
        head(kind="X").replace("Content-Type: X\r\n\r\n", "") + opened + "Content-Type: text/plain\r\n\r\nDeep\r\n"
    ).encode()


def many(count: int) -> bytes:
    return multi("mixed", *[part("text/plain", "x")] * count)


MEGABYTE = 1024 * 1024
ATTACKS = {
    "script": "<p>Hi</p><script>alert(1)</script>",
    "script in a picture": "<p>Hi</p><img src=x onerror=alert(1)>",
    "script in a link": '<p>Hi</p><a href="javascript:alert(1)">x</a>',
    "script in a coded link": '<p>Hi</p><a href="&#106;avascript:alert(1)">x</a>',
    "script in a drawing": "<p>Hi</p><svg><script>alert(1)</script></svg>",
    "script in a frame": '<p>Hi</p><iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "script in a form": '<p>Hi</p><form action="https://evil.example"><button formaction="javascript:alert(1)">x</button></form>',
    "script in mathematics": '<p>Hi</p><math><mi//xlink:href="data:x,<script>alert(1)</script>">',
    "page that moves on": '<p>Hi</p><meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    "base moved": '<p>Hi</p><base href="javascript:alert(1)//"><a href=x>x</a>',
    "template": "<p>Hi</p><template><script>alert(1)</script></template>",
    "mutating": '<p>Hi</p><noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "object": '<p>Hi</p><object data="javascript:alert(1)"></object><embed src="javascript:alert(1)">',
}
CASES = [
    *[Case(name, html(text), {"written": Has("Hi"), "html": Without("alert(1)")}) for name, text in ATTACKS.items()],
    Case(
        "style that loads",
        html(
            '<style>@import "https://evil.example/x.css"</style><p style="background:url(https://evil.example/p)">Hi</p>'
        ),
        {"written": "Hi", "html": Without("evil.example")},
    ),
    Case(
        "link to another place than it says",
        html('<p><a href="https://evil.example/">https://bank.example/</a></p>'),
        {"written": "https://bank.example/ <https://evil.example/>"},
    ),
    Case("five hundred parts", many(499), {"written": Has("x")}),
    Case("one part too many", many(500), unreadable="500 parts"),
    Case("ten thousand parts", many(10_000), unreadable="500 parts"),
    Case("nineteen deep", deep(19), {"written": "Deep"}),
    Case("too deep", deep(20), unreadable="20 deep"),
    Case("a thousand deep", deep(1000), unreadable="deep"),
    Case("a subject of a megabyte", plain("Hi", subject="x" * MEGABYTE), {"subject": "x" * 500, "written": "Hi"}),
    Case(
        "a subject of a megabyte of words",
        plain("Hi", subject="=?utf-8?q?=C3=A4?= " * (MEGABYTE // 19)),
        {"subject": "ä" * 500},
    ),
    Case(
        "references of a megabyte",
        plain("Hi", more="References: " + "<a@b.example> " * (MEGABYTE // 14)),
        {"answers": ["<a@b.example>"]},
    ),
    Case("a megabyte of receivers", plain("Hi", more="Cc: " + "a@b.example, " * (MEGABYTE // 13)), {"written": "Hi"}),
    Case("a megabyte of opened brackets", plain("Hi", more="Cc: " + "(" * MEGABYTE), {"written": "Hi"}),
    Case(
        "a megabyte of quotes in a header",
        plain("Hi", more='Content-Disposition: attachment; filename="' + '\\"' * (MEGABYTE // 2)),
        {},
    ),
    Case("thirty thousand fields", plain("Hi", more="\r\n".join(["X-A: b"] * 30_000)), {"written": "Hi"}),
    Case("a line of a megabyte", plain("x" * MEGABYTE), {"was_cut": True}, files=["whole-text.txt"]),
    Case("sixty thousand quoted lines and one", plain("> x\n" * 60_000 + "end\n"), {"was_cut": True}),
    Case("sixty thousand field lines", plain("a: b\n" * 60_000), {"was_cut": True}),
    Case("a hundred thousand open tags", html("<div>" * 100_000 + "Hi"), {"written": "Hi"}),
    Case("a hundred thousand open quotes", html("<blockquote>" * 100_000 + "Hi"), {"written": Has("Hi")}),
    Case("a hundred thousand open angles", html("<" * 100_000 + "Hi"), {}),
    Case("an endless entity", html("&" + "a" * 100_000 + ";Hi"), {}),
    Case(
        "a name that looks like an address",
        plain("Hi", sender='"ilse@test.example" <evil@x.example>'),
        {"from": [["ilse@test.example", "evil@x.example"]]},
    ),
    Case(
        "a coded name that looks like an address",
        plain("Hi", sender="=?utf-8?q?ilse=40test=2Eexample?= <evil@x.example>"),
        {"from": [["ilse@test.example", "evil@x.example"]]},
    ),
    Case(
        "an address coded to be another",
        plain("Hi", sender="=?utf-8?q?ilse=40test=2Eexample=3E?= evil@x.example"),
        {"from_fields": 1},
    ),
    Case("a zero in the address", plain("Hi", sender="ilse@test.example\x00@evil.example"), {"from_fields": 1}),
    Case("a field added by a line end", plain("Hi", subject="x\r\nBcc: evil@x.example"), {"subject": "x"}),
    Case(
        "a result nobody asked for",
        plain("Hi", more="Authentication-Results: mx.rozoom.example;\r\n dkim=pass header.d=test.example"),
        {"results": ["mx.rozoom.example; dkim=pass header.d=test.example"]},
    ),
    Case(
        "part of a mail elsewhere",
        multi(
            "mixed",
            part(
                'message/external-body; access-type=URL; URL="https://evil.example/x"', "Content-Type: text/plain\n\n"
            ),
        ),
        {},
    ),
    Case("a mail inside a mail inside a mail", plain("Hi", kind="message/rfc822"), {}),
]
