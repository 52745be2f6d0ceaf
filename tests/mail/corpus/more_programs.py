"""More programs, told apart by what stands between an answer and the history below it."""

from tests.mail.corpus.case import ROZOOM, Case, Has, Without, html, multi, part, plain
from tests.mail.corpus.programs import FIELDS, HISTORY, QUOTED, reply


def fields(*names: str, who: str = ROZOOM, separator: str = ": ") -> str:
    """From, sent, to, subject in words of a language."""
    values = (who, "23 November 2026 14:05", "Ilse Vermeer", "[ACME-42] Lift")
    return "".join(f"{name}{separator}{value}\n" for name, value in zip(names, values, strict=True)) + f"\n{FIELDS}"


SEPARATED = [
    reply("outlook, traditional chinese", fields("寄件者", "寄件日期", "收件者", "主旨")),
    reply("outlook, korean", fields("보낸 사람", "보낸 날짜", "받는 사람", "제목")),
    reply("outlook, russian", fields("От", "Отправлено", "Кому", "Тема")),
    reply("outlook, turkish", fields("Kimden", "Gönderilme", "Kime", "Konu")),
    reply("outlook, hebrew", fields("מאת", "נשלח", "אל", "נושא")),
    reply("outlook, arabic", fields("من", "تم الإرسال", "إلى", "الموضوع")),
    reply("outlook, greek", fields("Από", "Στάλθηκε", "Προς", "Θέμα")),
    reply("outlook, czech", fields("Od", "Odesláno", "Komu", "Předmět")),
    reply("outlook, a name alone", fields("From", "Sent", "To", "Subject", who="roZoom Support")),
    reply("outlook, german, a name alone", fields("Von", "Gesendet", "An", "Betreff", who="roZoom Support")),
    reply("outlook for mac", fields("From", "Date", "To", "Subject")),
    reply(
        "outlook for ios",
        f"________________________________\n{fields('From', 'Sent', 'To', 'Subject')}",
        "Yes, it works now.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
    ),
    reply("notes, fields with tabs", fields("From", "Date", "To", "Subject", separator=":\t")),
    reply(
        "notes, a rule of its own",
        f"-----support@rozoom.example wrote: -----\n{fields('From', 'Date', 'To', 'Subject')}",
    ),
    reply("notes, german", f"-----{ROZOOM} schrieb: -----\n{fields('Von', 'Datum', 'An', 'Betreff')}"),
    reply("zimbra", f"----- Original Message -----\n{fields('From', 'Sent', 'To', 'Subject')}"),
    reply("samsung", f"-------- Original message --------\n{fields('From', 'Date', 'To', 'Subject')}"),
    reply(
        "gmx",
        f'Gesendet: Montag, 23. November 2026 um 14:05 Uhr\nVon: "roZoom Support" <support@rozoom.example>\nAn: ilse@test.example\nBetreff: [ACME-42] Lift\n{FIELDS}',
    ),
    reply("apple mail, german", f"> Am 23.11.2026 um 14:05 schrieb {ROZOOM}:\n> \n{QUOTED}"),
    reply("iphone, french", f"Le 23 nov. 2026 à 14:05, {ROZOOM} a écrit :\n\n{QUOTED}"),
    reply("iphone, japanese", f"2026/11/23 14:05、{ROZOOM}のメール:\n\n{QUOTED}"),
    reply("thunderbird, dutch", f"Op 23-11-2026 om 14:05 schreef roZoom Support:\n{QUOTED}"),
    reply("thunderbird, chinese", f"在 2026/11/23 14:05, roZoom Support 写道:\n{QUOTED}"),
    reply("roundcube, japanese", f"2026-11-23 14:05 に roZoom Support さんは書きました:\n{QUOTED}"),
    reply("evolution", f"On Mon, 2026-11-23 at 14:05 +0100, roZoom Support wrote:\n{QUOTED}"),
    reply("kmail, german", f"Am Montag, 23. November 2026, 14:05:00 CET schrieb roZoom Support:\n{QUOTED}"),
    reply(
        "sogo", f'On Monday, November 23, 2026 14:05 CET, "roZoom Support" <support@rozoom.example> wrote:\n \n{QUOTED}'
    ),
    reply(
        "proton",
        f"On Monday, November 23rd, 2026 at 2:05 PM, {ROZOOM} wrote:\n\n{QUOTED}",
        "Yes, it works now.\n\nSent with Proton Mail secure email.",
    ),
    reply(
        "proton, older",
        f"------- Original Message -------\nOn Monday, November 23rd, 2026 at 14:05, {ROZOOM} wrote:\n\n\n{QUOTED}",
    ),
    reply(
        "yahoo, nothing quoted",
        f" On Monday, November 23, 2026 at 02:05:00 PM GMT+1, {ROZOOM} wrote:  \n \n We have your ticket. Its number is ACME-42.\n",
    ),
    reply(
        "yahoo, french, nothing quoted",
        f"    Le lundi 23 novembre 2026 à 14:05:00 UTC+1, {ROZOOM} a écrit :  \n \n We have your ticket. Its number is ACME-42.\n",
    ),
    reply(
        "yahoo on a phone, all in one line",
        " \n  On Mon, Nov 23, 2026 at 14:05, roZoom Support<support@rozoom.example> wrote:   We have your ticket. Its number is ACME-42.",
        "Yes, it works now.\n\nSent from Yahoo Mail on Android",
    ),
    reply("zoho", f"---- On Mon, 23 Nov 2026 14:05:00 +0100 {ROZOOM} wrote ----\n\n{FIELDS}"),
    reply("zoho, german", f"---- Am Mo, 23 Nov 2026 14:05:00 +0100 {ROZOOM} schrieb ----\n\n{QUOTED}"),
]
YAHOO = (
    '<div>Yes, it works now.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>On Monday, November 23, 2026 at 02:05:00 PM GMT+1, '
    "roZoom Support &lt;support@rozoom.example&gt; wrote:</div><div><br></div><div><p>We have your ticket.</p></div></div>"
)
GMX = (
    '<div>Yes, it works now.</div><div name="quote" style="margin:10px;border-left:2px solid #C3D9E5"><div><b>Gesendet:</b>&nbsp;Montag, 23. '
    'November 2026 um 14:05 Uhr<br/><b>Von:</b>&nbsp;"roZoom Support" &lt;support@rozoom.example&gt;<br/><b>An:</b>&nbsp;ilse@test.example<br/>'
    "<b>Betreff:</b>&nbsp;[ACME-42] Lift</div><div>We have your ticket.</div></div>"
)
OUTLOOK_WEB = (
    '<div>Yes, it works now.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg"><font><b>Von:</b> '
    "roZoom Support &lt;support@rozoom.example&gt;<br><b>Gesendet:</b> Montag, 23. November 2026 14:05<br><b>An:</b> Ilse<br><b>Betreff:</b> x</font>"
    "</div><div>We have your ticket.</div>"
)
ZOHO = (
    '<div>Yes, it works now.<br></div><div class="zmail_extra">---- On Mon, 23 Nov 2026 14:05:00 +0100 <b>roZoom Support &lt;support@rozoom.example&gt;</b> '
    "wrote ----<br></div><blockquote><div>We have your ticket.</div></blockquote>"
)
LAID_OUT = [
    Case(f"{name}, html alone", html(text), HISTORY)
    for name, text in {"yahoo": YAHOO, "gmx": GMX, "outlook on the web": OUTLOOK_WEB, "zoho": ZOHO}.items()
]
LOG = "It happened again:\n\n---- Controller log ----\n09:00 E42 door\n09:01 E42 door\n---- End of log ----\nWhat now?"
KEY = "This is the key of the box:\n-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----\nIs it valid?"
KEPT = [
    Case("a log between rules with words", plain(LOG), {"written": LOG, "history": ""}),
    Case("a certificate in a text", plain(KEY), {"written": KEY, "history": ""}),
    Case(
        "who to call, with a time",
        plain("The site is open from 08:00 to 16:00. Call Bo Ek <bo@test.example> before:\nHe has the key."),
        {"written": Has("He has the key."), "history": ""},
    ),
    Case(
        "a list of readings",
        plain("Voltage: 24\nCurrent: 3\nError: E42\nTemperature: 60\n\nIs that too much?"),
        {"written": Has("Is that too much?"), "history": ""},
    ),
    Case(
        "signed in the clear",
        plain(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nThe lift stands still.\n- -- not a signature\n-----BEGIN PGP SIGNATURE-----\n\niHUEARYKAB0WIQ\n=abcd\n-----END PGP SIGNATURE-----\n"
        ),
        {"written": "The lift stands still.\n-- not a signature", "history": ""},
    ),
    Case(
        "mail with a form that moves",
        multi(
            "alternative",
            part("text/plain", "Words"),
            part("text/x-amp-html", "<html amp4email><p>Moving words</p></html>"),
            part("text/watch-html", "<p>On a wrist</p>"),
            part("text/html", "<p>Words</p>"),
        ),
        {"written": "Words", "html": Without("Moving")},
        files=[],
    ),
]
CASES = [*SEPARATED, *LAID_OUT, *KEPT]
