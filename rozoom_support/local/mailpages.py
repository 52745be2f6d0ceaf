"""The mail catcher's pages. Everything that came by mail is escaped, or shut in a frame that may do nothing."""

import re
from html import escape

from rozoom_support.local.mailstore import Mail

STYLE = """
:root { color-scheme: light dark; --edge: #8886; --quiet: #5a6270; --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --quiet: #a9b1bd; --link: #8cc2ff; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
a { color: var(--link); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem; border-bottom: 1px solid var(--edge); }
td, pre { overflow-wrap: anywhere; }
th { font-weight: 600; }
td.date, .quiet { color: var(--quiet); }
pre { white-space: pre-wrap; border: 1px solid var(--edge); border-radius: .375rem; padding: 1rem; }
iframe { width: 100%; height: 32rem; border: 1px solid var(--edge); border-radius: .375rem; background: #fff; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
@media (max-width: 40rem) { td.date, th.date { display: none; } }
"""
ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head><body>{body}</body></html>'
    )


def mail_list(mails: list[Mail]) -> str:
    rows = "".join(
        f'<tr><td><a href="/mails/{mail.id}">{escape(mail.header("Subject") or "(no subject)")}</a></td>'
        f'<td>{escape(", ".join(mail.recipients))}</td><td class="date">{escape(mail.header("Date"))}</td></tr>'
        for mail in mails
    )
    table = (
        '<table><thead><tr><th scope="col">Subject</th><th scope="col">To</th>'
        f'<th scope="col" class="date">Date</th></tr></thead><tbody>{rows}</tbody></table>'
        if mails
        else "<p>No mail yet. What the system sends appears here.</p>"
    )
    return page(
        "Mail",
        '<header><h1>Mail</h1><p class="quiet">Nothing leaves this machine: every mail the system sends is kept here. '
        f'<a href="/">Look again</a></p></header><main>{table}</main>',
    )


def one_mail(mail: Mail) -> str:
    shown = [
        ("From", mail.header("From") or mail.sender),
        ("To", ", ".join(mail.recipients)),
        ("Date", mail.header("Date")),
    ]
    if mail.attachments:
        shown.append(("Attached", ", ".join(mail.attachments)))
    facts = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in shown)
    text = f'<h2>Text</h2><pre tabindex="0">{linked(mail.text)}</pre>' if mail.text else ""
    html = (
        f'<h2>HTML</h2><iframe title="HTML part" sandbox="allow-popups allow-popups-to-escape-sandbox" '
        f'src="/mails/{mail.id}/html"></iframe>'
        if mail.html
        else ""
    )
    headers = "\n".join(f"{name}: {value}" for name, value in mail.headers())
    subject = mail.header("Subject") or "(no subject)"
    return page(
        subject,
        f'<header><p><a href="/">All mail</a></p><h1>{escape(subject)}</h1></header><main><dl>{facts}</dl>{text}{html}'
        f'<details><summary>Headers</summary><pre tabindex="0">{escape(headers)}</pre></details>'
        f'<p><a href="/mails/{mail.id}.eml" download>Download the mail</a></p></main>',
    )


def html_part(mail: Mail) -> str:
    """For the frame alone. Links open beside it, as the portal refuses to be framed."""
    return f'<!doctype html><base target="_blank">{mail.html}'


def not_found() -> str:
    return page(
        "Not found", '<main><h1>Not found</h1><p>This mail is not kept any more. <a href="/">All mail</a></p></main>'
    )


def linked(text: str) -> str:
    parts, end = [], 0
    for found in ADDRESS.finditer(text):
        address = escape(found.group())
        parts += [escape(text[end : found.start()]), f'<a href="{address}" rel="noreferrer">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])])
