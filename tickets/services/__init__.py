"""Deeds on tickets. Every door (page, API, mail, command) calls these and nothing else."""

from contracts.services import CannotDecide
from tickets.services.agreeing import (
    CannotAnswer,
    CannotPropose,
    answer_severity,
    expire_proposal,
    propose_severity,
    withdraw_proposal,
)
from tickets.services.alerting import dismiss_alert
from tickets.services.answering import answer_questions
from tickets.services.assignment import CannotAssign, assign, take
from tickets.services.conversation import CannotReply, add_message, keep_draft
from tickets.services.covering import grant_promise, override_coverage
from tickets.services.drafting import (
    CannotDraft,
    begin_report,
    discard_report,
    drop_file,
    keep_answers,
    keep_file,
)
from tickets.services.filing import CannotFile, Report, file_ticket
from tickets.services.merging import CannotMerge, merge
from tickets.services.moving import (
    CannotMove,
    change_details,
    close,
    make_move,
    reopen,
    resolve,
    resume,
    wait,
    withdraw,
)

__all__ = [
    "CannotAnswer",
    "CannotAssign",
    "CannotDecide",
    "CannotDraft",
    "CannotFile",
    "CannotMerge",
    "CannotMove",
    "CannotPropose",
    "CannotReply",
    "Report",
    "add_message",
    "answer_questions",
    "answer_severity",
    "assign",
    "begin_report",
    "change_details",
    "close",
    "discard_report",
    "dismiss_alert",
    "drop_file",
    "expire_proposal",
    "file_ticket",
    "grant_promise",
    "keep_answers",
    "keep_draft",
    "keep_file",
    "make_move",
    "merge",
    "override_coverage",
    "propose_severity",
    "reopen",
    "resolve",
    "resume",
    "take",
    "wait",
    "withdraw",
    "withdraw_proposal",
]
