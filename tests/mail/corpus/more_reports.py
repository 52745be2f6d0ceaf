"""More of what programs send by themselves: absences in more languages, and reports of more mail systems."""

from typing import Any

from tests.mail.corpus.automatic import RETURNED, by_header
from tests.mail.corpus.case import Case, multi, nested, part, plain

OURS = "<rozoom.event.7.0123456789abcdef@rozoom.example>"
AWAY = {
    "chinese": "自动答复: [ACME-42] Lift",
    "hungarian": "Automatikus válasz: [ACME-42] Lift",
    "romanian": "Răspuns automat: [ACME-42] Lift",
    "greek": "Αυτόματη απάντηση: [ACME-42] Lift",
    "hebrew": "תשובה אוטומטית: [ACME-42] Lift",
    "arabic": "رد تلقائي: [ACME-42] Lift",
    "ukrainian": "Автоматична відповідь: [ACME-42] Lift",
    "swedish": "Frånvarande: [ACME-42] Lift",
    "norwegian": "Automatisk svar: [ACME-42] Lift",
    "danish": "Autosvar: [ACME-42] Lift",
    "portuguese": "Resposta automática: [ACME-42] Lift",
    "polish": "Odpowiedź automatyczna: [ACME-42] Lift",
    "slovak": "Automatická odpoveď: [ACME-42] Lift",
    "slovenian": "Samodejni odgovor: [ACME-42] Lift",
    "vietnamese": "Trả lời tự động: [ACME-42] Lift",
}
ABSENCES = [by_header(f"away, {language}", "X-Mailer: x", subject=subject) for language, subject in AWAY.items()]
POSTFIX = (
    "Reporting-MTA: dns; mx.test.example\nX-Postfix-Queue-ID: 4B2C91\nArrival-Date: Mon, 23 Nov 2026 14:05:00 +0100\n\n"
    "Final-Recipient: rfc822; ana@test.example\nOriginal-Recipient: rfc822;ana@test.example\nAction: failed\nStatus: 5.1.1\n"
    "Remote-MTA: dns; mail.test.example\nDiagnostic-Code: smtp; 550 5.1.1 <ana@test.example>: Recipient address rejected\n"
)
EXCHANGE = (
    "Reporting-MTA: dns;mx.test.example\nReceived-From-MTA: dns;mx.rozoom.example\n\nOriginal-Recipient: rfc822;Ana@test.example\n"
    "Final-Recipient: rfc822;Ana@test.example\nAction: failed (gave up)\nStatus: 5.1.10\n"
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\n"
)
INTERNATIONAL = POSTFIX.replace("Final-Recipient: rfc822; ana@test.example", "Final-Recipient: utf-8; ana@test.example")
EXIM = (
    "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
    "recipients. This is a permanent error. The following address(es) failed:\n\n  ana@test.example\n    host mx.test.example [192.0.2.1]\n"
    f"    SMTP error from remote mail server after RCPT TO:<ana@test.example>:\n    550 5.1.1 no such user\n\n------ This is a copy of the message ------\n\nMessage-ID: {OURS}\n"
)
GMAIL = "** Address not found **\n\nYour message wasn't delivered to ana@test.example because the address couldn't be found.\n"


def failed(status: str, said: str) -> dict[str, Any]:
    row = {"address": "ana@test.example", "action": "failed", "status": status, "said": said}
    return {"bounce": {"rows": [row], "ids": [OURS], "reply_to": []}}


def report(name: str, status: bytes, finds: dict[str, Any], *, first: bytes = b"", sender: str = "") -> Case:
    raw = multi(
        "report; report-type=delivery-status",
        first or part("text/plain", "Your mail was not delivered."),
        status,
        part("message/rfc822", RETURNED),
        sender=sender or "Mail Delivery System <MAILER-DAEMON@mx.test.example>",
    )
    return Case(name, raw, finds, envelope_from="")


REPORTS = [
    report(
        "postfix",
        part("message/delivery-status", POSTFIX),
        failed("5.1.1", "smtp; 550 5.1.1 <ana@test.example>: Recipient address rejected"),
    ),
    report(
        "exchange, words behind the action",
        part("message/delivery-status", EXCHANGE),
        failed("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@test.example>",
    ),
    report(
        "with addresses of any alphabet",
        part("message/global-delivery-status", INTERNATIONAL),
        failed("5.1.1", "smtp; 550 5.1.1 <ana@test.example>: Recipient address rejected"),
    ),
    report(
        "gmail, laid out",
        part("message/delivery-status", POSTFIX),
        failed("5.1.1", "smtp; 550 5.1.1 <ana@test.example>: Recipient address rejected"),
        first=nested("alternative", part("text/plain", GMAIL), part("text/html", f"<p>{GMAIL}</p>"), boundary="inner"),
        sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    ),
    report(
        "ses",
        part("message/delivery-status", POSTFIX.replace("mx.test.example", "a7-21.smtp-out.eu-west-1.amazonses.com")),
        failed("5.1.1", "smtp; 550 5.1.1 <ana@test.example>: Recipient address rejected"),
        sender="MAILER-DAEMON@eu-west-1.amazonses.com",
    ),
    Case(
        "exim",
        plain(
            EXIM,
            sender="Mail Delivery System <Mailer-Daemon@mx.test.example>",
            more="X-Failed-Recipients: ana@test.example",
        ),
        failed("", ""),
        envelope_from="",
    ),
    Case(
        "exim, without its field",
        plain(EXIM, sender="Mail Delivery System <Mailer-Daemon@mx.test.example>"),
        failed("", ""),
        envelope_from="",
    ),
]
CASES = [*ABSENCES, *REPORTS]
