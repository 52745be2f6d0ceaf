"""The agreement about a severity in the history of a ticket, for the desk and the portal alike."""

from collections.abc import Callable, Mapping
from typing import Any

Words = Callable[[str, Mapping[str, Any]], str]


def _proposed(who: str, data: Mapping[str, Any]) -> str:
    to, why = data.get("to"), f": “{data['why']}”" if data.get("why") else ""
    if data.get("was") == to:
        return f"{who} asked all to agree to severity {to}{why}"
    return f"{who} proposed severity {to} instead of {data.get('was')}{why}"


def _objected(who: str, data: Mapping[str, Any]) -> str:
    why = f": “{data['why']}”" if data.get("why") else ""
    return f"{who} does not agree to severity {data.get('to')}{why}"


def _agreed(who: str, data: Mapping[str, Any]) -> str:
    to = data.get("to")
    return (
        f"All agree: severity {to}"
        if data.get("was") == to
        else f"All agree: severity {to} instead of {data.get('was')}"
    )


SEVERITY_EVENTS: dict[str, Words] = {
    "severity.proposed": _proposed,
    "severity.agreed_by": lambda who, data: f"{who} agreed to severity {data.get('to')}",
    "severity.objected": _objected,
    "severity.agreed": _agreed,
    "severity.withdrawn": lambda who, data: f"{who} took back the proposal of severity {data.get('to')}",
    "severity.replaced": lambda who, data: f"The proposal of severity {data.get('to')} was replaced by a newer one",
    "severity.expired": lambda who, data: f"Nobody answered the proposal of severity {data.get('to')} in time",
    "impact.answered": lambda who, data: (
        f"{who} answered the questions: severity {data.get('to')}, because {data.get('because')}"
    ),
    "severity.ended": lambda who, data: f"The proposal of severity {data.get('to')} ended with the ticket",
}
