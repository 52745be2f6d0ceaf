"""The letter that a seller finds written when it prepares a renewal, to change or to send."""

from contracts.services.renewing import Renewal
from contracts.terms import DAY, GRACE_DAYS
from contracts.wording import day, listed
from rozoom_support.lib.money import shown
from tenancy.actor import Actor


def suggested(renewal: Renewal, actor: Actor) -> str:
    start, end = renewal.term
    count = len(renewal.plan.lines)
    what = "one component" if count == 1 else f"{count:,} components"
    total = shown(renewal.plan.total, renewal.plan.offer.currency)
    paragraphs = [
        _ends(renewal),
        f"We offer you the next term, {day(start)} to {day(end)}, for {what}: {total}.",
        "Order it with your purchase order number, on the page of the agreement. Then there is no gap in your cover.",
        *_warranties(renewal),
        *([f"Questions? Write to {actor.email}."] if actor.email else []),
        f"{actor.name}, {actor.organisation_name}",
    ]
    return "\n\n".join(paragraphs)


def _ends(renewal: Renewal) -> str:
    last = renewal.ending.end_date
    if renewal.stands.day <= last:
        return f"Your support agreement {renewal.ending.agreement.number} ends on {day(last)}."
    grace = day(last + GRACE_DAYS * DAY)
    return (
        f"Your support agreement {renewal.ending.agreement.number} ended on {day(last)}. Support goes on until {grace}."
    )


def _warranties(renewal: Renewal) -> list[str]:
    """What is paid for without advance replacement is said before it is sold."""
    bare = renewal.plan.warnings
    if not bare:
        return []
    names = [
        f"{one.component.product.name} {one.component.serial}"
        + (f" (warranty until {day(one.warranty_end)})" if one.warranty_end else " (no warranty)")
        for one in bare
    ]
    return [
        f"Advance replacement needs a warranty. For these it is missing in a part of the term: {listed(names, 10)}."
    ]
