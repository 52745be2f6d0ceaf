"""Severity from the customer's answers about impact: one table, as a pure function with its "because"."""

from dataclasses import dataclass

SERVICE = {
    "complete": "complete loss of service",
    "severe": "severe loss of service",
    "minor": "minor or no loss of service",
}
WORKAROUND = {
    "yes": "there is an acceptable workaround",
    "no": "no workaround",
    "unknown": "nobody knows of a workaround yet",
}
BUSINESS = {
    "normal": "the business goes on normally",
    "degraded": "the business goes on in a degraded way",
    "stopped": "the business has stopped",
}
MISSION = {True: "the operation is mission critical", False: "the operation is not mission critical"}
TITLES = {1: "complete loss", 2: "severe loss", 3: "minor or no loss"}


@dataclass(frozen=True)
class Impact:
    """Answers to the four questions. `workaround` may be unknown; unknown never lowers the severity."""

    service: str
    workaround: str
    business: str
    mission_critical: bool

    def as_dict(self) -> dict[str, object]:
        return {
            "service": self.service,
            "workaround": self.workaround,
            "business": self.business,
            "mission_critical": self.mission_critical,
        }


@dataclass(frozen=True)
class Proposal:
    severity: int
    because: str


NOT_ASKED = Proposal(3, "nobody has told us yet how bad it is")


def propose(impact: Impact | None) -> Proposal:
    """The severity roZoom proposes for these answers, and why, in words the customer gave."""
    if impact is None:
        return NOT_ASKED
    words = [SERVICE[impact.service]]
    if impact.service == "minor":
        return Proposal(3, words[0])
    words += [WORKAROUND[impact.workaround], BUSINESS[impact.business]]
    if impact.workaround == "yes":
        if impact.business == "stopped":
            words[1] = "a workaround that leaves the business standing still is not acceptable"
            return Proposal(2, ", ".join(words))
        return Proposal(3, ", ".join(words))
    if impact.business == "stopped":
        words.append(MISSION[impact.mission_critical])
        return Proposal(1 if impact.mission_critical else 2, ", ".join(words))
    return Proposal(2, ", ".join(words))
