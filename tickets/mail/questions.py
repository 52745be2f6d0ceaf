"""The four questions about impact, asked in the first answer by mail, and plain answers to them read from a reply."""

import re
from collections.abc import Mapping

from tickets.severity import Impact

ASKED = (
    "How bad is it? Answer this mail with these four lines, and keep one word in each:",
    "1. Service: complete loss, severe loss, or minor loss",
    "2. Workaround: yes, no, or unknown",
    "3. Business: normal, degraded, or stopped",
    "4. Mission critical: yes or no",
)
QUESTIONS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    (
        "service",
        r"(?:loss of )?service",
        {
            "complete": "complete",
            "total": "complete",
            "severe": "severe",
            "minor": "minor",
            "none": "minor",
            "no": "minor",
        },
    ),
    ("workaround", r"(?:acceptable )?work-?\s?around", {"yes": "yes", "no": "no", "unknown": "unknown", "none": "no"}),
    (
        "business",
        r"business",
        {
            "normal": "normal",
            "normally": "normal",
            "degraded": "degraded",
            "restricted": "degraded",
            "stopped": "stopped",
            "stops": "stopped",
            "no": "stopped",
        },
    ),
    ("mission", r"mission[- ]?critical", {"yes": "yes", "no": "no"}),
)
NUMBERED = re.compile(r"^[\s>*_-]*(?:([1-4])\s*[.):]?\s*)?(.{0,80})$")


def impact_in(text: str) -> Impact | None:
    """None unless enough was answered for a severity. An open question about a workaround counts as unknown."""
    given: dict[str, str] = {}
    for line in text.split("\n")[:200]:
        _read_line(line.strip().lower(), given)
    if given.get("service") == "minor":
        return Impact(
            "minor", given.get("workaround", "unknown"), given.get("business", "normal"), given.get("mission") == "yes"
        )
    if "service" not in given or "business" not in given or "mission" not in given:
        return None
    return Impact(given["service"], given.get("workaround", "unknown"), given["business"], given["mission"] == "yes")


def _read_line(line: str, given: dict[str, str]) -> None:
    found = NUMBERED.match(line)
    if found is None:
        return
    number, rest = found[1], found[2]
    for place, (name, words, answers) in enumerate(QUESTIONS, start=1):
        labelled = re.match(rf"{words}\s*\??\s*[:=.-]?\s*(.*)$", rest)
        if labelled is None and number != str(place):
            continue
        said = labelled[1] if labelled else rest
        chosen = [word for word in re.findall(r"[a-z]+", said) if word in answers]
        if (
            not re.search(r"\bor\b", said) and len({answers[word] for word in chosen}) == 1
        ):  # else it is our own question
            given.setdefault(name, answers[chosen[0]])
        return
