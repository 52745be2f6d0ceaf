"""Answers and reports as the common mail programs write them."""

from tests.mail.corpus.case import JPEG, PNG, ROZOOM, Case, Has, Without, head, html, multi, nested, part, plain

YES = {"written": "Yes, it works now."}


def reply(name: str, below: str, written: str = "Yes, it works now.", **more: object) -> Case:
    """A plain answer with its history below."""
    finds = {"written": written, "history": Has("We have your ticket")}
    return Case(name, plain(f"{written}\n\n{below}", subject="Re: [ACME-42] Lift", **more), finds)


QUOTED = "> We have your ticket.\n> Its number is ACME-42.\n>\n> roZoom Support\n"
FIELDS = "We have your ticket. Its number is ACME-42.\n\nroZoom Support\n"
PLAIN = [
    reply("gmail", f"On Mon, Nov 23, 2026 at 2:05 PM {ROZOOM} wrote:\n\n{QUOTED}"),
    reply(
        "gmail, broken line",
        f"On Mon, Nov 23, 2026 at 2:05 PM roZoom Support <support@rozoom.example>\nwrote:\n\n{QUOTED}",
    ),
    reply(
        "gmail, broken in three",
        f"On Mon, Nov 23, 2026 at 2:05 PM roZoom\nSupport <support@rozoom.example>\nwrote:\n{QUOTED}",
    ),
    reply("gmail, 24 hours", f"On Mon, 23 Nov 2026 at 14:05, {ROZOOM} wrote:\n{QUOTED}"),
    reply("apple mail", f"> On 23 Nov 2026, at 14:05, {ROZOOM} wrote:\n> \n{QUOTED}"),
    reply("apple mail, unquoted line", f"On 23 Nov 2026, at 14:05, {ROZOOM} wrote:\n\n{QUOTED}"),
    reply(
        "iphone",
        f"> On 23 Nov 2026, at 14:05, {ROZOOM} wrote:\n> \n{QUOTED}",
        "Yes, it works now.\n\nSent from my iPhone",
    ),
    reply("android", f"On Mon, 23 Nov 2026, 14:05 roZoom Support, <support@rozoom.example> wrote:\n\n{QUOTED}"),
    reply("thunderbird", f"On 23/11/2026 14:05, roZoom Support wrote:\n{QUOTED}"),
    reply("thunderbird, german", f"Am 23.11.26 um 14:05 schrieb roZoom Support:\n{QUOTED}"),
    reply("thunderbird, french", f"Le 23/11/2026 à 14:05, roZoom Support a écrit :\n{QUOTED}"),
    reply("mutt", f"On Mon, Nov 23, 2026 at 02:05:00PM +0100, roZoom Support wrote:\n{QUOTED}"),
    reply("gnus", f"roZoom Support <support@rozoom.example> writes:\n\n{QUOTED}"),
    reply("only quoted lines", QUOTED),
    reply(
        "outlook",
        f"From: {ROZOOM}\nSent: Monday, November 23, 2026 2:05 PM\nTo: Ilse Vermeer\nSubject: [ACME-42] Lift\n\n{FIELDS}",
    ),
    reply(
        "outlook.com",
        f"________________________________\nFrom: {ROZOOM}\nSent: Monday, November 23, 2026 2:05 PM\nTo: Ilse Vermeer <ilse@test.example>\nSubject: [ACME-42] Lift\n\n{FIELDS}",
    ),
    reply(
        "outlook, original message",
        f"-----Original Message-----\nFrom: {ROZOOM}\nSent: Monday, November 23, 2026 2:05 PM\nTo: Ilse\nSubject: x\n\n{FIELDS}",
    ),
    reply(
        "outlook, german",
        f"Von: {ROZOOM}\nGesendet: Montag, 23. November 2026 14:05\nAn: Ilse Vermeer\nBetreff: [ACME-42] Lift\n\n{FIELDS}",
    ),
    reply(
        "outlook, german, worded rule",
        f"-----Ursprüngliche Nachricht-----\nVon: {ROZOOM}\nGesendet: Montag\nAn: Ilse\nBetreff: x\n\n{FIELDS}",
    ),
    reply(
        "outlook, french",
        f"De : {ROZOOM}\nEnvoyé : lundi 23 novembre 2026 14:05\nÀ : Ilse\nObjet : [ACME-42] Lift\n\n{FIELDS}",
    ),
    reply(
        "outlook, spanish",
        f"De: {ROZOOM}\nEnviado el: lunes, 23 de noviembre de 2026 14:05\nPara: Ilse\nAsunto: x\n\n{FIELDS}",
    ),
    reply(
        "outlook, dutch",
        f"Van: {ROZOOM}\nVerzonden: maandag 23 november 2026 14:05\nAan: Ilse\nOnderwerp: x\n\n{FIELDS}",
    ),
    reply("outlook, italian", f"Da: {ROZOOM}\nInviato: lunedì 23 novembre 2026 14:05\nA: Ilse\nOggetto: x\n\n{FIELDS}"),
    reply("outlook, polish", f"Od: {ROZOOM}\nWysłano: poniedziałek, 23 listopada 2026\nDo: Ilse\nTemat: x\n\n{FIELDS}"),
    reply("outlook, chinese", f"发件人: {ROZOOM}\n发送时间: 2026年11月23日 14:05\n收件人: Ilse\n主题: x\n\n{FIELDS}"),
    reply("outlook, japanese", f"差出人: {ROZOOM}\n送信日時: 2026年11月23日 14:05\n宛先: Ilse\n件名: x\n\n{FIELDS}"),
    reply(
        "outlook, bold fields",
        f"*From:* {ROZOOM}\n*Sent:* Monday, November 23, 2026\n*To:* Ilse\n*Subject:* x\n\n{FIELDS}",
    ),
    reply(
        "gmail, german",
        f"Am Mo., 23. Nov. 2026 um 14:05 Uhr schrieb roZoom Support <\nsupport@rozoom.example>:\n\n{QUOTED}",
    ),
    reply("gmail, russian", f"пн, 23 нояб. 2026 г. в 14:05, {ROZOOM}:\n\n{QUOTED}"),
    reply("gmail, japanese", f"2026年11月23日(月) 14:05 {ROZOOM}:\n\n{QUOTED}"),
    reply("gmail, chinese", f"roZoom Support <support@rozoom.example> 于2026年11月23日周一 14:05写道：\n\n{QUOTED}"),
    reply("gmail, polish", f"pon., 23 lis 2026 o 14:05 {ROZOOM} napisał(a):\n\n{QUOTED}"),
    reply("gmail, swedish", f"Den mån 23 nov. 2026 kl 14:05 skrev {ROZOOM}:\n\n{QUOTED}"),
    reply("gmail, arabic", f"في الاثنين، 23 نوفمبر 2026 في 14:05 {ROZOOM} كتب:\n\n{QUOTED}"),
    reply("our own line", f"Write your answer above this line\n\n{FIELDS}"),
    reply(
        "signature, then history",
        f"On 23/11/2026 14:05, roZoom Support wrote:\n{QUOTED}",
        "Yes, it works now.\n\n--\nIlse Vermeer\nAcme Lifts",
    ),
    reply(
        "history, then signature",
        f"On 23/11/2026 14:05, roZoom Support wrote:\n{QUOTED}\n-- \nIlse Vermeer\nAcme Lifts\n",
    ),
]
BETWEEN = "> Which lift is it?\nLift 2.\n\n> Since when?\nSince Monday.\n"
WHOLE = [
    Case("answers between the lines", plain(BETWEEN), {"written": BETWEEN.strip(), "history": ""}),
    Case(
        "answers between the lines, with a first line",
        plain(f"See below.\n\nOn 23/11/2026 14:05, roZoom Support wrote:\n{BETWEEN}"),
        {"written": Has("Since Monday."), "history": ""},
    ),
    Case(
        "passed on, gmail",
        plain(
            "See below\n\n---------- Forwarded message ---------\nFrom: Bob <bob@x.example>\nDate: Mon\nSubject: Door\n\nThe door is stuck.\n"
        ),
        {"written": Has("The door is stuck."), "history": ""},
    ),
    Case(
        "passed on, outlook",
        plain(
            "FYI\n\n-----Weitergeleitete Nachricht-----\nVon: Bob <bob@x.example>\nGesendet: Montag\nAn: Ilse\nBetreff: Tür\n\nDie Tür klemmt.\n"
        ),
        {"written": Has("Die Tür klemmt."), "history": ""},
    ),
    Case(
        "a list with colons",
        plain("Name: Ilse\nPhone: 12\nLift: 2\nIt is stuck.\n"),
        {"written": Has("It is stuck."), "history": ""},
    ),
    Case(
        "a question with a number and a colon",
        plain("I have 2 questions:\nWhy?\nWhen?\n"),
        {"written": Has("When?"), "history": ""},
    ),
    Case("a rule in a text", plain("Before\n----------------\nAfter\n"), {"written": Has("After"), "history": ""}),
    Case(
        "nothing but history",
        plain(f"On 23/11/2026 14:05, roZoom Support wrote:\n{QUOTED}"),
        {"written": Has("We have your ticket")},
    ),
    Case(
        "flowed text",
        plain(
            "The lift \nstands still \nsince nine.\n\n> Which \n> lift?\nThe second.\n",
            kind="text/plain; charset=utf-8; format=flowed",
        ),
        {"written": "The lift stands still since nine.\n\n> Which lift?\nThe second."},
    ),
    Case(
        "flowed text, spaces deleted",
        plain("北京 \n的电梯\n", kind="text/plain; charset=utf-8; format=flowed; delsp=yes"),
        {"written": "北京的电梯"},
    ),
    Case("lines ended with carriage returns", head().encode() + b"One\rTwo\rThree", {"written": "One\nTwo\nThree"}),
    Case("lines ended with line feeds", head().replace("\r\n", "\n").encode() + b"One\nTwo\n", {"written": "One\nTwo"}),
]
GMAIL_HTML = (
    '<div dir="ltr">Yes, it works now.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Nov 23, 2026 at '
    '2:05 PM roZoom Support &lt;<a href="mailto:support@rozoom.example">support@rozoom.example</a>&gt; wrote:<br></div><blockquote '
    'class="gmail_quote" style="margin:0 0 0 .8ex"><div><h1>We have your ticket.</h1><p>Its number is ACME-42.</p></div></blockquote></div>'
)
OUTLOOK_HTML = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}</style></head><body><div class="WordSection1">'
    '<p class="MsoNormal">Yes, it works now.<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><div style="border:none;border-top:solid '
    '#E1E1E1 1.0pt"><p class="MsoNormal"><b>From:</b> roZoom Support &lt;support@rozoom.example&gt; <br><b>Sent:</b> Monday, November 23, 2026 '
    '2:05 PM<br><b>To:</b> Ilse Vermeer<br><b>Subject:</b> [ACME-42] Lift</p></div><p class="MsoNormal">We have your ticket.</p></div></body></html>'
)
APPLE_HTML = (
    '<html><body style="overflow-wrap: break-word;">Yes, it works now.<br><div><br><blockquote type="cite"><div>On 23 Nov 2026, at 14:05, '
    "roZoom Support &lt;support@rozoom.example&gt; wrote:</div><br><div>We have your ticket.</div></blockquote></div></body></html>"
)
HISTORY = {**YES, "history": Has("We have your ticket")}
LAID_OUT = [
    Case("gmail, html alone", html(GMAIL_HTML), HISTORY),
    Case("outlook, html alone", html(OUTLOOK_HTML), HISTORY),
    Case("apple mail, html alone", html(APPLE_HTML), HISTORY),
    Case(
        "gmail, both",
        multi(
            "alternative",
            part(
                "text/plain; charset=utf-8", f"Yes, it works now.\n\nOn 23 Nov 2026 at 14:05 {ROZOOM} wrote:\n{QUOTED}"
            ),
            part("text/html; charset=utf-8", GMAIL_HTML),
        ),
        HISTORY,
        files=[],
    ),
    Case(
        "plain form is empty",
        multi("alternative", part("text/plain", " \n"), part("text/html", "<p>Only here</p>")),
        {"written": "Only here"},
    ),
    Case(
        "outlook, picture in its place",
        multi(
            "related",
            nested(
                "alternative",
                part("text/plain", "It looks like this:\n\n[cid:image001.png@01DC5C2B.5F1A2B30]\n\nThe red one."),
                part(
                    "text/html",
                    '<p>It looks like this:</p><img src="cid:image001.png@01DC5C2B.5F1A2B30"><p>The red one.</p>',
                ),
                boundary="inner",
            ),
            part(
                "image/png; name=image001.png",
                PNG,
                "Content-ID: <image001.png@01DC5C2B.5F1A2B30>",
                "Content-Disposition: inline; filename=image001.png",
                encoding="base64",
            ),
        ),
        {"written": "It looks like this:\n\n[picture: image001.png]\n\nThe red one."},
        files=["image001.png"],
    ),
    Case(
        "html picture in its place",
        multi(
            "related",
            part("text/html", '<p>Here: <img src="cid:abc" alt="x"> see it?</p>'),
            part("image/jpeg; name=photo.jpg", JPEG, "Content-ID: <abc>", encoding="base64"),
        ),
        {"written": "Here: [picture: photo.jpg] see it?"},
        files=["photo.jpg"],
    ),
    Case(
        "apple mail, text between pictures",
        multi(
            "mixed",
            part("text/plain; charset=us-ascii", "First"),
            part("image/jpeg; name=one.jpg", JPEG, "Content-Disposition: inline; filename=one.jpg", encoding="base64"),
            part("text/plain; charset=us-ascii", "Second"),
            part("image/jpeg; name=two.jpg", JPEG, "Content-Disposition: inline; filename=two.jpg", encoding="base64"),
        ),
        {"written": "First\n\nSecond"},
        files=["one.jpg", "two.jpg"],
    ),
    Case(
        "apple mail, file inside the html form",
        multi(
            "alternative",
            part("text/plain", "See the report."),
            nested(
                "mixed",
                part("text/html", "<p>See the report.</p>"),
                part("text/csv; name=run.csv", "a,b\n1,2\n", "Content-Disposition: attachment; filename=run.csv"),
                boundary="inner",
            ),
        ),
        {"written": "See the report."},
        files=["run.csv"],
    ),
    Case(
        "table",
        html("<table><tr><th>Lift</th><th>State</th></tr><tr><td>2</td><td>stuck</td></tr></table>"),
        {"written": "Lift | State\n2 | stuck"},
    ),
    Case(
        "lists",
        html("<p>Two things:</p><ul><li>door</li><li>light</li></ul>"),
        {"written": "Two things:\n\n- door\n- light"},
    ),
    Case(
        "link with other words",
        html('<p>See <a href="https://a.example/log">the log</a></p>'),
        {"written": "See the log <https://a.example/log>"},
    ),
    Case(
        "link that says itself",
        html('<p><a href="https://a.example/">https://a.example</a></p>'),
        {"written": "https://a.example"},
    ),
    Case("hidden preview", html('<div style="display:none">Preview</div><p>Seen</p>'), {"written": "Seen"}),
    Case("paragraph hidden and never closed", html('<p style="display: none">No<p>Seen</p>'), {"written": "Seen"}),
    Case("code kept in its lines", html("<pre>E42\n  at 09:00</pre>"), {"written": "E42\n  at 09:00"}),
    Case(
        "tracking picture is no file",
        multi(
            "related",
            part("text/html", "<p>Hi</p>"),
            part("image/gif; name=t.gif", b"GIF89a\x01\x00\x01\x00", "Content-ID: <t>", encoding="base64"),
        ),
        {"written": "Hi"},
        files=[],
    ),
    Case(
        "html says nothing about pictures elsewhere",
        html('<p>Hi <img src="https://evil.example/p.png" alt="logo"></p>'),
        {"written": "Hi logo", "html": Without("evil.example")},
    ),
]
CASES = [*PLAIN, *WHOLE, *LAID_OUT]
