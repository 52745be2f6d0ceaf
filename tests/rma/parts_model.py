"""Where every part is, in plain Python that knows nothing of the product: it hears what happened to boxes and records, and says
where each serial must be now, and which serial of each family is covered until when.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

SHELF, BOX, CUSTOMER, SUPPLIER, GONE = "shelf", "box", "customer", "supplier", "gone"
LEAST = timedelta(days=90)
GRACE = timedelta(days=30)


@dataclass
class Family:
    """One part that a customer bought, and those that took its place, one after another."""

    covered: str  # the serial that has its cover now
    warranty_to: date | None
    line_to: date | None
    serials: list[str] = field(default_factory=list)
    line_on: str = ""
    void_on: str = ""  # the serial whose warranty was made void, and until when that would have run
    void_to: date | None = None

    def is_void(self, on: date) -> bool:
        return self.void_on == self.covered and self.void_to is not None and self.void_to >= on


@dataclass
class Parts:
    where: dict[str, str] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)  # by each of their serials, so long as it is not sold on
    received: int = 0

    def bought(self, serial: str, warranty_to: date | None, line_to: date | None) -> None:
        """By a customer, before the story begins."""
        self.where[serial] = CUSTOMER
        self.families[serial] = Family(serial, warranty_to, line_to, [serial], serial if line_to else "")

    def arrived_at_the_pool(self, serial: str) -> None:
        assert self.where.get(serial) in (None, SUPPLIER), f"{serial} is {self.where[serial]} already"
        self.where[serial] = SHELF

    def move(self, serial: str, came_from: tuple[str, ...], to: str) -> None:
        assert self.where[serial] in came_from, f"{serial} goes to {to}, and was at {self.where[serial]}"
        self.where[serial] = to

    def replaces(self, old: str, new: str, on: date) -> None:
        """The new serial stands where the old one was covered, from that day."""
        family = self.families[old]
        assert family.covered == old, f"{old} is replaced, and {family.covered} is covered"
        family.covered = new
        if new not in family.serials:
            family.serials.append(new)
        left = family.warranty_to if family.warranty_to and family.warranty_to >= on else on
        family.warranty_to = max(left, on + LEAST)
        if family.line_to is not None and family.line_to + GRACE >= on:
            family.line_on = new
        self.families[new] = family

    def repaired(self, serial: str, on: date) -> None:
        """The same serial comes back. What is void is not longer."""
        family = self.families[serial]
        if not family.is_void(on):
            self.replaces(serial, serial, on)

    def made_void(self, family: Family, to: date) -> None:
        family.void_on, family.void_to, family.warranty_to = family.covered, to, None

    def given_back(self, family: Family, serial: str, to: date, today: date) -> None:
        """Where the serial was replaced meanwhile, its heir has the days. Void itself, that one stays so."""
        if serial != family.covered and family.is_void(today):
            family.void_to = max(family.void_to or to, to)
            return
        left = [family.warranty_to] if family.warranty_to and family.warranty_to >= today else []
        family.warranty_to = max([to, *left])
        if family.void_on == serial:
            family.void_on, family.void_to = "", None

    def all_families(self) -> list[Family]:
        return list({id(one): one for one in self.families.values()}.values())
