"""What each mail about a return says. Plain words, short sentences; days are those of the place the part stands at."""

from collections.abc import Sequence
from datetime import timedelta

from contracts.models import Invoice
from contracts.selling.words import day_words, money
from notifications.letters import Letter
from notifications.readers import Reader
from rma.models import RepairQuote, Rma, Shipment
from rma.portal.words import CREDIT_DAYS, charged_from, ended_words, part_words, weekday_words
from rma.services import missing_words
from rma.states import Inspection, Media, RmaKind, RmaState

OPEN = "Open the return"


def letter(
    rma: Rma, reader: Reader, headline: str, lead: str, lines: Sequence[str] = (), *, action: str = OPEN
) -> Letter:
    return Letter(
        headline=headline,
        lead=lead,
        paragraphs=[one for one in lines if one],
        facts=[("Return", rma.reference), ("Part", part_words(rma)), ("Ticket", rma.ticket.reference)],
        action=action,
        why=_why(rma, reader),
    )


def _why(rma: Rma, reader: Reader) -> str:
    if reader.person_id == rma.requested_by_id:
        return "You get this because you asked for it."
    if reader.party == "operator":
        return "You get this because you approve returns."
    if reader.party == "reseller":
        return f"You get this because {rma.customer.name} is your customer."
    return f"You get this because it belongs to {rma.ticket.reference}."


def requested(rma: Rma, reader: Reader) -> Letter:
    what = "replacement" if rma.kind == RmaKind.ADVANCE else "repair"
    lines = [" ".join(rma.decision.get("reasons", ()))]
    if rma.kind == RmaKind.ADVANCE:
        lines.append("An engineer confirms the failure. With the approval you get the day it leaves.")
    else:
        lines.append("Then you get the address to send the part to, or a price first.")
    return letter(
        rma,
        reader,
        f"{rma.reference}: requested",
        f"We have your request for a {what}. Its number is {rma.reference}.",
        lines,
    )


def waits(rma: Rma, reader: Reader) -> Letter:
    """To who approves it."""
    what = "replacement" if rma.kind == RmaKind.ADVANCE else "repair"
    confirmed = rma.kind == RmaKind.FACTORY or rma.failure_confirmed_at is not None
    return letter(
        rma,
        reader,
        f"{rma.reference}: waits for approval",
        f"{rma.customer.name} asks for a {what}, on a ticket of severity {rma.severity}.",
        [
            " ".join(rma.decision.get("reasons", ())),
            "" if confirmed else "The failure is not confirmed yet: an engineer does that on the ticket.",
            f"What is wrong: {rma.symptom}" if rma.symptom else "",
        ],
    )


def on_hold(rma: Rma, reader: Reader) -> Letter:
    missing = [f"- {words}" for words in missing_words(rma.missing)]
    return letter(
        rma,
        reader,
        f"{rma.reference}: something is missing",
        f"{rma.reference} is on hold. We go on at once when this is there:",
        ["\n".join(missing), rma.hold_reason, "The next-business-day clock starts with the approval."],
        action="Supply what is missing",
    )


def rejected(rma: Rma, reader: Reader) -> Letter:
    return letter(
        rma,
        reader,
        f"{rma.reference}: not possible",
        "There is no replacement and no repair for this part.",
        [rma.ending_reason, " ".join(rma.decision.get("would_change", ())), "Is this wrong? Tell us in the ticket."],
    )


def approved(rma: Rma, reader: Reader) -> Letter:
    if rma.contract_ship_by is None:
        dates = [rma.promise_reason]
    else:
        dates = [
            f"It leaves by {weekday_words(rma.contract_ship_by)}.",
            f"It should arrive on {weekday_words(rma.deliver_target)}.",
            f"Why these days: {rma.promise_reason}",
        ]
    back = (
        "The failed part stays with you. Send us the certificate of destruction when the replacement is there."
        if rma.media == Media.RETAINED
        else "Keep the box: the failed part comes back in it, within 10 business days after the replacement arrived."
    )
    return letter(rma, reader, f"{rma.reference}: approved", "Your replacement is approved.", [*dates, back])


def backordered(rma: Rma, reader: Reader) -> Letter:
    when = (
        f"It is expected to leave on {weekday_words(rma.expected_on)}."
        if rma.expected_on
        else "We tell you the day when we know it."
    )
    lines = [when, "We tell you if that changes. You can have the part repaired instead, on the page of the return."]
    return letter(
        rma, reader, f"{rma.reference}: none in stock now", "Your replacement is approved, but none is in stock.", lines
    )


def shipped(rma: Rma, box: Shipment | None, reader: Reader) -> Letter:
    is_back = rma.kind == RmaKind.FACTORY
    carrier = f"Carrier {box.carrier}, tracking number {box.tracking_number}." if box is not None else ""
    expected = f"It should arrive on {weekday_words(rma.deliver_target)}." if rma.deliver_target and not is_back else ""
    lead = "Your part is on its way back to you." if is_back else "Your replacement is on its way."
    return letter(rma, reader, f"{rma.reference}: on its way", lead, [carrier, expected], action="Follow it")


def delivered(rma: Rma, reader: Reader) -> Letter:
    due = weekday_words(rma.return_due)
    if rma.media == Media.RETAINED:
        lines = [f"The failed part stays with you. Send us the certificate of destruction in the ticket by {due}."]
    else:
        lines = [f"Send the failed part back by {due}. The way back is on us.", *_or_charged(rma)]
    lines.append("What covered the failed part covers the replacement now. Does it not work? Tell us in the ticket.")
    return letter(
        rma,
        reader,
        f"{rma.reference}: part due back by {day_words(rma.return_due)}",
        "Your replacement arrived.",
        lines,
        action="Print the return sheet",
    )


def _or_charged(rma: Rma) -> list[str]:
    first = charged_from(rma)
    if first is None or rma.list_price is None:
        return []
    price = money(rma.list_price, rma.list_price_currency)
    return [
        f"A part that has not left by {weekday_words(first - timedelta(days=1))} is charged at its list price, {price}."
    ]


def reminder(rma: Rma, reader: Reader) -> Letter:
    return letter(
        rma, reader, f"{rma.reference}: part due back by {day_words(rma.return_due)}",
        f"The failed part is due back by {weekday_words(rma.return_due)}.",
        ["Sent already? Say so on the page of the return.", *_or_charged(rma)], action="Print the return sheet",
    )  # fmt: skip


def inbound_reminder(rma: Rma, reader: Reader) -> Letter:
    return letter(
        rma, reader, f"{rma.reference}: send the part by {day_words(rma.valid_until)}",
        f"The factory waits for the part until {weekday_words(rma.valid_until)}.",
        ["Sent already? Say so on the page of the return."], action="Print the return sheet",
    )  # fmt: skip


def overdue(rma: Rma, reader: Reader) -> Letter:
    return letter(
        rma, reader, f"{rma.reference}: the failed part is overdue",
        f"The failed part was due back on {weekday_words(rma.return_due)}.",
        ["Send it, or tell us in the ticket why it is late.", *_or_charged(rma)], action="Print the return sheet",
    )  # fmt: skip


def charged(rma: Rma, invoice: Invoice, reader: Reader, *, may_see: bool) -> Letter:
    amount = f": {money(invoice.total, invoice.currency)}" if may_see else ""
    lines = [
        f"Invoice {invoice.number}{amount}, due {day_words(invoice.due_on)}.",
        f"Send the part within {CREDIT_DAYS} days of the invoice, and the charge is taken back in full.",
        "Or pay it and keep the part. Its serial is not supported any more then.",
    ]
    return letter(
        rma,
        reader,
        f"{rma.reference}: charged for the part",
        "The failed part did not come back, so we charged for it.",
        lines,
    )


def credited(rma: Rma, invoice: Invoice, reader: Reader) -> Letter:
    words = f"Invoice {invoice.number} is taken back in full."
    if rma.state == RmaState.RETURN_OVERDUE:
        words += " The failed part is still expected back."
    else:
        words = f"The failed part came back. {words}"
    return letter(rma, reader, f"{rma.reference}: charge taken back", words)


def received(rma: Rma, reader: Reader) -> Letter:
    then = (
        "The factory finds out what is wrong."
        if rma.kind == RmaKind.FACTORY
        else "We test it, then the return is closed."
    )
    return letter(
        rma,
        reader,
        f"{rma.reference}: part received",
        "The failed part arrived.",
        [then, "You have nothing to do now."],
    )


def mismatch(rma: Rma, reader: Reader) -> Letter:
    serial = rma.received_serial
    got = f"We received serial {serial}" if serial else "The box was empty"
    asks = f"which unit {serial} came from" if serial else "what you put into it"
    lead = f"{got}, and expected {rma.serial}."
    return letter(rma, reader, f"{rma.reference}: another part came back", lead, [f"Tell us in the ticket {asks}."])


def quoted(rma: Rma, quote: RepairQuote, reader: Reader) -> Letter:
    lines = [
        f"It costs {money(quote.amount, quote.currency)}, without tax.",
        f"Why: {quote.reason}" if quote.reason else "",
    ]
    lines.append(f"The quote is valid until {weekday_words(quote.valid_until)}.")
    return letter(
        rma,
        reader,
        f"{rma.reference}: repair quoted",
        "Here is the price of the repair.",
        lines,
        action="Accept or decline",
    )


def authorised(rma: Rma, reader: Reader) -> Letter:
    lines = [
        "Print the return sheet and the label, and put the sheet into the box.",
        "You pay the way to the factory, we pay the way back.",
    ]
    return letter(
        rma, reader, f"{rma.reference}: send the part by {day_words(rma.valid_until)}",
        f"Send the part to the factory by {weekday_words(rma.valid_until)}.", lines, action="Print the return sheet",
    )  # fmt: skip


def expired(rma: Rma, reader: Reader) -> Letter:
    lines = [
        "Do you still want it repaired? Ask for more time in the ticket. Without that it is cancelled after 90 days."
    ]
    return letter(
        rma, reader, f"{rma.reference}: not sent in time", "The part was not sent to the factory in time.", lines
    )


def lost(rma: Rma, reader: Reader) -> Letter:
    lines = [
        "We send another one. You get its day as soon as it leaves."
        if rma.kind == RmaKind.ADVANCE
        else "We send it again, or another one instead."
    ]
    if rma.contract_ship_by is not None and rma.kind == RmaKind.ADVANCE:
        lines.append(
            f"It leaves by {weekday_words(rma.contract_ship_by)} and should arrive on {weekday_words(rma.deliver_target)}."
        )
    return letter(
        rma,
        reader,
        f"{rma.reference}: did not arrive",
        "The box did not arrive: the carrier lost it or sent it back.",
        lines,
    )


def dead_on_arrival(rma: Rma, reader: Reader) -> Letter:
    lines = ["Send both parts back: the one that failed first and this one."]
    if rma.contract_ship_by is not None:
        leaves, arrives = weekday_words(rma.contract_ship_by), weekday_words(rma.deliver_target)
        lines.insert(0, f"Another one leaves by {leaves} and should arrive on {arrives}.")
    return letter(
        rma,
        reader,
        f"{rma.reference}: another replacement",
        "The replacement did not work, so we send another one.",
        lines,
    )


def goes_on(rma: Rma, following: Rma, reader: Reader) -> Letter:
    what = "a replacement in advance" if following.kind == RmaKind.ADVANCE else "a repair in the factory"
    return letter(
        rma,
        reader,
        f"{rma.reference}: goes on as {following.reference}",
        f"It goes on as {what}, under the number {following.reference}.",
    )


def cancelled(rma: Rma, reader: Reader) -> Letter:
    lines = ["Nothing is sent, and nothing is due.", f"Why: {rma.ending_reason}" if rma.ending_reason else ""]
    return letter(rma, reader, f"{rma.reference}: cancelled", "The return is cancelled.", lines)


def closed(rma: Rma, reader: Reader) -> Letter:
    found = (
        f"Found: {Inspection(rma.inspection).label.lower()}. {rma.inspection_note}".strip() if rma.inspection else ""
    )
    lines = [found, rma.repair_report, f"Still not working? Write in {rma.ticket.reference}."]
    return letter(rma, reader, f"{rma.reference}: closed", ended_words(rma, rma.state), lines)
