"""What the desk sees of a decision about cover, and the words of deciding otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.entitlement import ASK_US
from contracts.models import EligibilityDecision
from tickets.desk.composing import Desk
from tickets.services.covering import decisions_of
from tickets.shown import cover_of

DEEDS = ("grant_promise", "override_coverage")
BUTTONS = {"grant_promise": "Promise an answer…", "override_coverage": "Decide: not covered…"}
DONE = {"grant_promise": "An answer is promised. The clock runs.", "override_coverage": "It counts as not covered."}
WORDS: dict[str, dict[str, str]] = {
    "grant_promise": {
        "title": "Promise an answer all the same",
        "text": "Nobody covers this problem. The clock of its severity starts now, and the customer is told.",
        "send": "Promise an answer on",
    },
    "override_coverage": {
        "title": "Decide that this is not covered",
        "text": "A running promise is cancelled with your reason; one that is late stays missed. The customer is told.",
        "send": "Take the promise from",
    },
}


def deed_of(may: Sequence[str]) -> str | None:
    """The one decision that can be made now by this reader, if any."""
    return next((name for name in DEEDS if name in may), None)


@dataclass(frozen=True)
class Decided:
    """One decision of the trail."""

    at: datetime
    words: str


def card(desk: Desk) -> dict[str, Any]:
    """Variables of desk/_cover.html, from what the ticket carries."""
    deed, cover = deed_of(desk.may), cover_of(desk.ticket)
    return {
        "cover": cover,
        "cover_changes": [change for change in cover.would_change if change != ASK_US],
        "cover_url": desk.url("coverage") if deed else "",
        "cover_label": BUTTONS.get(deed or "", ""),
    }


def trail(desk: Desk) -> dict[str, Any]:
    """Variables of desk/_decided.html: rules, facts and who decided otherwise. For roZoom's staff."""
    decisions = decisions_of(desk.ticket) if desk.actor.is_operator else []
    return {
        "cover": cover_of(desk.ticket),
        "cover_trail": [Decided(one.at, words_of(one)) for one in decisions],
        "cover_facts": facts_of(decisions[-1].facts) if decisions else [],
    }


def words_of(decision: EligibilityDecision) -> str:
    by_rules = f"rule {decision.rule} of set {decision.rule_set}: {decision.rule_outcome.lower()}"
    if not decision.is_overridden:
        return by_rules.capitalize()
    return f"{decision.decided_by_name} decided {decision.outcome.lower()}: “{decision.override_reason}” ({by_rules})"


def facts_of(kept: dict[str, Any]) -> list[tuple[str, str]]:
    """What was judged, one line each; what is empty says nothing."""
    lines: list[tuple[str, str]] = []
    for name, value in kept.items():
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            if part not in ("", None, False):
                lines.append((name.replace("_", " ").capitalize(), _plain(part)))
    return lines


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name.replace('_', ' ')} {one}" for name, one in value.items() if one not in ("", None, False)
        )
    return str(value)
