"""What programs send: answers nobody wrote, reports of mail systems, our own mail coming back."""

from typing import Any

from tests.mail.corpus.case import Case, Has, multi, part, plain

NONE: dict[str, Any] = {"automatic": "", "bounce": None}


def by_header(name: str, line: str, **more: Any) -> Case:
    return Case(name, plain("I am away.", more=line, **more), {"automatic": Has(" ")})


MARKS = [
    by_header("auto-replied", "Auto-Submitted: auto-replied"),
    by_header("auto-generated", "Auto-Submitted: auto-generated"),
    by_header("auto-notified", "Auto-Submitted: auto-notified; owner-email=a@b.example"),
    by_header("auto-submitted in capitals", "AUTO-SUBMITTED: Auto-Replied (vacation)"),
    by_header("precedence bulk", "Precedence: bulk"),
    by_header("precedence junk", "Precedence: junk"),
    by_header("precedence list", "Precedence: list"),
    by_header("precedence auto_reply", "Precedence: auto_reply"),
    by_header("x-autoreply", "X-Autoreply: yes"),
    by_header("x-autorespond", "X-Autorespond: Re: Lift"),
    by_header("exchange rules", "X-MS-Exchange-Inbox-Rules-Loop: ilse@test.example"),
    by_header("x-vacation", "X-Vacation: true"),
    by_header("outlook, out of office", "X-Mailer: x", subject="Automatic reply: Lift 2"),
    by_header("out of office", "X-Mailer: x", subject="Out of Office: Lift 2"),
    by_header("german, away", "X-Mailer: x", subject="Abwesenheitsnotiz: Lift 2"),
    by_header("french, away", "X-Mailer: x", subject="Réponse automatique : Lift"),
    by_header("spanish, away", "X-Mailer: x", subject="Respuesta automática: Lift"),
    by_header("japanese, away", "X-Mailer: x", subject="自動返信: Lift"),
    Case("null sender", plain("Delivered."), {"automatic": Has("no sender")}, envelope_from=""),
    Case(
        "null return path",
        plain("Delivered.", more="Return-Path: <>"),
        {"automatic": Has("no sender")},
        envelope_from=None,
    ),
    Case("auto-submitted no", plain("I wrote this.", more="Auto-Submitted: no"), NONE),
    Case("asks for no answer", plain("Hi", more="X-Auto-Response-Suppress: All"), {**NONE, "wants_no_answer": True}),
    Case(
        "asks for no answer to absences",
        plain("Hi", more="X-Auto-Response-Suppress: DR, RN, OOF, AutoReply"),
        {**NONE, "wants_no_answer": True},
    ),
    Case(
        "asks for no receipts", plain("Hi", more="X-Auto-Response-Suppress: DR, RN"), {**NONE, "wants_no_answer": False}
    ),
    Case("of a list", plain("Hi", more="List-Id: <ops.test.example>"), {**NONE, "wants_no_answer": True}),
    Case("nobody reads", plain("Alarm E42", sender="no-reply@test.example"), {**NONE, "wants_no_answer": True}),
    Case("speaks of an office", plain("Hi", subject="The out of office key is lost"), NONE),
]
STATUS = "Reporting-MTA: dns; mx.test.example\n\nFinal-Recipient: rfc822; {who}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
RETURNED = "From: support@rozoom.example\nTo: ana@test.example\nMessage-ID: <rozoom.event.7.0123456789abcdef@rozoom.example>\nSubject: [ACME-42]\n\nText\n"


def report(
    name: str, action: str = "failed", status: str = "5.1.1", back: str = "message/rfc822", **finds: Any
) -> Case:
    raw = multi(
        "report; report-type=delivery-status",
        part("text/plain", "Your mail was not delivered."),
        part("message/delivery-status", STATUS.format(who="Ana@test.example", action=action, status=status)),
        part(back, RETURNED),
        sender="Mail Delivery System <MAILER-DAEMON@mx.test.example>",
    )
    row = {"address": "ana@test.example", "action": action, "status": status, "said": "smtp; 550 5.1.1 no such user"}
    expected = {"rows": [row], "ids": ["<rozoom.event.7.0123456789abcdef@rozoom.example>"], "reply_to": []}
    return Case(name, raw, {"bounce": expected, **finds}, envelope_from="")


REPORTS = [
    report("bounce"),
    report("bounce with headers alone", back="text/rfc822-headers"),
    report("delay", "delayed", "4.4.1"),
    report("arrived", "delivered", "2.0.0"),
    Case(
        "bounce of an old program",
        plain(
            "Hi. This is the qmail-send program.\n\n<ana@test.example>:\nNo such user.\n\n--- Below this line is a copy.\n\nMessage-ID: <rozoom.event.7.ab@rozoom.example>\n",
            sender="MAILER-DAEMON@mx.test.example",
        ),
        {
            "bounce": {
                "rows": [{"address": "ana@test.example", "action": "failed", "status": "", "said": ""}],
                "ids": ["<rozoom.event.7.ab@rozoom.example>"],
                "reply_to": [],
            }
        },
        envelope_from="",
    ),
    Case(
        "bounce of gmail's forwarding",
        plain("Delivery failed", sender="mailer-daemon@googlemail.com", more="X-Failed-Recipients: ana@test.example"),
        {
            "bounce": {
                "rows": [{"address": "ana@test.example", "action": "failed", "status": "", "said": ""}],
                "ids": [],
                "reply_to": [],
            }
        },
        envelope_from="",
    ),
    Case(
        "report without a status",
        multi("report; report-type=delivery-status", part("text/plain", "Failed.")),
        {"bounce": None, "report": "delivery-status"},
    ),
    Case(
        "receipt",
        multi(
            "report; report-type=disposition-notification",
            part("text/plain", "Read."),
            part("message/disposition-notification", "Disposition: manual-action/MDN-sent-automatically; displayed"),
        ),
        {"report": "disposition-notification", "bounce": None},
    ),
]
OURS = [
    Case(
        "answers a mail of ours",
        plain(
            "Hi",
            more="In-Reply-To: <rozoom.event.7.ab@rozoom.example>\nReferences: <ticket.acme-42@rozoom.example>\n <rozoom.event.7.ab@rozoom.example>",
        ),
        {"answers": ["<ticket.acme-42@rozoom.example>", "<rozoom.event.7.ab@rozoom.example>"]},
    ),
    Case(
        "delivered to a reply address",
        plain("Hi", more="Delivered-To: Support+abc@rozoom.example\nX-Original-To: support@rozoom.example"),
        {"receivers": ["support@rozoom.example", "support+abc@rozoom.example", "support@rozoom.example"]},
    ),
]
CASES = [*MARKS, *REPORTS, *OURS]
