"""Whether a problem would be covered, said while it is being reported; and what was decided, said on the ticket's page."""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.coverage import Row, covered_by
from contracts.entitlement import Coverage, Support
from contracts.models import Component
from contracts.services import judge_support


def day_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def line_of(row: Row) -> str:
    """One line beside a component to choose: what covers it, or why nothing does."""
    if not row.is_covered:
        return row.coverage.reasons[0]
    if row.coverage.support is Support.NOT_STARTED:
        return "Covered: not put into operation yet"
    words = "Covered by agreement" if row.coverage.support is Support.AGREEMENT else ""
    words = f"{words} {row.coverage.agreement}" if words else covered_by(row.coverage)
    return f"{words} until {day_words(row.until)}" if row.until else words


@dataclass(frozen=True)
class Outlook:
    """What would be decided if the report were sent now."""

    component: Component | None
    coverage: Coverage

    @property
    def covered(self) -> bool:
        return self.coverage.is_covered

    @property
    def title(self) -> str:
        if self.component is None:
            return "This is not covered"
        return f"{self.component.product.name}, serial {self.component.serial}, is not covered"


def outlook(customer_id: int, component: Component | None, now: datetime) -> Outlook:
    judged = judge_support(customer_id=customer_id, component=component, reported_at=now)
    return Outlook(component, judged.coverage)
