"""Mails as programs write them and as nobody should, each with what reading it must find.

Built here rather than collected: every byte is ours, and what is odd about a mail can be seen in its lines.
"""

from tests.mail.corpus import (
    automatic,
    broken,
    files,
    hostile,
    languages,
    more_odd,
    more_programs,
    more_reports,
    programs,
)
from tests.mail.corpus.case import Case

CASES: list[Case] = [
    *programs.CASES,
    *languages.CASES,
    *files.CASES,
    *automatic.CASES,
    *broken.CASES,
    *hostile.CASES,
    *more_programs.CASES,
    *more_reports.CASES,
    *more_odd.CASES,
]
