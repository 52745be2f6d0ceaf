"""Deeds on tickets. Every door (page, API, mail, command) calls these and nothing else."""

from contracts.services import CannotDecide
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
    "CannotAssign",
    "CannotDecide",
    "CannotDraft",
    "CannotFile",
    "CannotMerge",
    "CannotMove",
    "CannotReply",
    "Report",
    "add_message",
    "assign",
    "begin_report",
    "change_details",
    "close",
    "discard_report",
    "drop_file",
    "file_ticket",
    "grant_promise",
    "keep_answers",
    "keep_draft",
    "keep_file",
    "make_move",
    "merge",
    "override_coverage",
    "reopen",
    "resolve",
    "resume",
    "take",
    "wait",
    "withdraw",
]
