"""Is this mail from a program, a bounce, or our own? Told by its headers alone (RFC 3834, RFC 3464 and what vendors do)."""

import re
from collections.abc import Sequence
from email import message_from_string
from email.message import Message

from tickets.mail.reading.charsets import clean, one_line
from tickets.mail.reading.headers import Headers, inner_of

# Programs that answer by themselves and say so in ways of their own.
VENDOR = (
    *("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply", "auto-reply"),
    *("x-ms-exchange-inbox-rules-loop", "x-ms-exchange-generated-message-source", "x-auto-generated"),
    *(
        "x-vacation",
        "x-away",
        "x-facebook-notify",
        "x-jira-fingerprint",
        "x-zendesk-auto-response",
        "x-fc-machinegenerated",
    ),
)
PRECEDENCE = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
AWAY = re.compile(
    r"^\s*(automatic reply|auto(matic)?[- ]?(reply|response)|autoreply|out of (the )?office|ooo\b|away from (the )?office|"
    r"abwesenheitsnotiz|automatische antwort|abwesend|r[ée]ponse automatique|absence du bureau|respuesta autom[áa]tica|"
    r"fuera de (la )?oficina|risposta automatica|fuori sede|automatisch antwoord|afwezig|resposta autom[áa]tica|"
    r"autosvar|automatisk svar|automaattinen vastaus|autoodpowied[źz]|automatyczna odpowied[źz]|автоответ|"
    r"автоматический ответ|自動返信|自动回复|自动答复|自動回覆|자동 회신|otomatik yan[ıi]t|automatická odpov[ěe][ďd]|"
    r"odpowied[źz] automatyczna|automatikus v[áa]lasz|r[ăa]spuns automat|αυτόματη απάντηση|תשובה אוטומטית|رد تلقائي|"
    r"автоматична відповідь|fr[åa]nvarande|samodejni odgovor|tr[ảa] lời tự động)",
    re.IGNORECASE,
)
NOBODY_READS = re.compile(
    r"^(no-?_?\.?reply|do-?_?not-?_?reply|donotreply|nobody|bounces?|mailer-daemon|postmaster)([+.-].*)?@"
)
POSTMASTERS = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|mdaemon|bounce[sd]?)([+.-].*)?@")
OURS = re.compile(r"<(?:rozoom|ticket)\.[^<>\s@]{1,100}@[^<>\s]{1,253}>")
OUR_ID = "x-rozoom-mail"  # notifications.post
MOST_REPORTS = 50
STATUS = {"message/delivery-status", "message/global-delivery-status"}


def automatic(headers: Headers, envelope_from: str | None) -> str:
    """Why this is no mail of a person, in words, or ""."""
    submitted = headers.text("auto-submitted", 80).partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return f"a program says it sent this (Auto-Submitted: {submitted})"
    precedence = headers.text("precedence", 40).lower()
    if precedence in PRECEDENCE:
        return f"sent to many or by a program (Precedence: {precedence})"
    for name in VENDOR:
        if headers.has(name) and headers.text(name, 40).lower() not in ("no", "false"):
            return f"an automatic answer ({name})"
    if headers.text("x-autoreply-from", 40) or headers.text("x-mdaemon-deliver-to", 1) == "autoresponder":
        return "an automatic answer"
    if envelope_from == "" or (envelope_from is None and headers.first("return-path").strip() == "<>"):
        return "sent by a mail system (no sender in the envelope)"
    if AWAY.match(headers.text("subject", 200)):
        return "an automatic answer, by its subject"
    return ""


def wants_no_answer(headers: Headers, sender: str) -> bool:
    """A mail we take, and never answer by ourselves."""
    suppress = headers.text("x-auto-response-suppress", 200).lower()
    asks = any(word in re.split(r"[,\s;]+", suppress) for word in ("all", "autoreply", "oof"))
    is_list = headers.has("list-id") or headers.has("list-unsubscribe") or headers.has("list-post")
    return asks or is_list or bool(NOBODY_READS.match(sender))


def report_kind(message: Message) -> str:
    """delivery-status, disposition-notification, …; "" when it is no report."""
    if message.get_content_type() != "multipart/report":
        return ""
    kind = message.get_param("report-type", "")
    return kind.lower() if isinstance(kind, str) else ""


def bounce(message: Message, parts: Sequence[Message], headers: Headers, text: str) -> dict[str, object] | None:
    """What a mail system says became of a mail of ours: one row for each address, and the keys of the mail."""
    rows = [row for part in parts if part.get_content_type() in STATUS for row in _status(part)]
    if not rows and headers.has("x-failed-recipients"):
        failed = [address for _, address in headers.addresses("x-failed-recipients")]
        rows = [{"address": address, "action": "failed", "status": "", "said": ""} for address in failed]
    sender = next((address for _, address in headers.addresses("from")), "")
    if not rows and POSTMASTERS.match(sender):
        found = re.search(r"<([^\s@<>]{1,128}@[^\s@<>]{1,253})>:?", text)
        if found and OURS.search(text):
            rows = [{"address": found[1].lower(), "action": "failed", "status": "", "said": ""}]
    if not rows:
        return None
    returned = [head for part in parts if (head := _returned(part)) is not None]
    return {
        "rows": rows[:MOST_REPORTS],
        "ids": _ids_of_ours(returned, text),
        "reply_to": [address for head in returned for _, address in head.addresses("reply-to")][:MOST_REPORTS],
    }


def _status(part: Message) -> list[dict[str, str]]:
    """The fields of RFC 3464. The parser makes a part of each block of them."""
    found = []
    for block in _blocks(part)[: MOST_REPORTS + 1]:
        fields = Headers(block)
        who = fields.text("final-recipient", 340) or fields.text("original-recipient", 340)
        if who and fields.has("action"):
            found.append(
                {
                    "address": who.rpartition(";")[2].strip(" <>").lower()[:320],
                    "action": fields.text("action", 80).lower().partition(" ")[0][:20],
                    "status": fields.text("status", 20),
                    "said": fields.text("diagnostic-code", 500),
                }
            )
    return found


def _blocks(part: Message) -> list[Message]:
    """The parser parts those of RFC 3464; of RFC 6533 it takes the first for a header and all others for a text below it."""
    inner = inner_of(part)
    below = inner[0]._payload if len(inner) == 1 else ""  # type: ignore[attr-defined]
    others = re.split(r"\r?\n\s*\r?\n", below[:65536]) if isinstance(below, str) else []
    return [*inner, *(message_from_string(block.lstrip()) for block in others if block.strip())]


def _returned(part: Message) -> Headers | None:
    """The fields of the mail that came back, from the part that holds it or its headers."""
    kind = part.get_content_type()
    if kind in ("message/rfc822", "message/global"):
        inner = inner_of(part)
        return Headers(inner[0]) if inner else None
    if kind not in ("text/rfc822-headers", "message/global-headers"):
        return None
    payload = part.get_payload(decode=True)
    head = payload[:65536].decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return Headers(message_from_string(head.lstrip()))


def _ids_of_ours(returned: Sequence[Headers], text: str) -> list[str]:
    """A service that sends for us may give the mail a Message-ID of its own, and leaves ours in a field of ours."""
    found = [one for head in returned for one in head.ids("message-id", OUR_ID)]
    return list(dict.fromkeys([*found, *OURS.findall(one_line(clean(text), 100_000))]))[:20]
