"""What goes into the box and onto it: the return sheet with codes to scan, and the address label."""

from contracts.selling.documents.paper import FAMILY, INK, LINE, MARGIN, Paper, writable
from rma.models import Rma, Shipment
from rma.portal import code128
from rma.portal.shown import Found
from rma.portal.words import part_words, weekday_words
from rma.states import Media, RmaKind
from rozoom_support.lib.ui.times import zone_named

MODULE = 0.33  # millimetres a module: read from an arm's length, also after a poor printer
WIDEST = 170.0


def return_sheet(found: Found) -> bytes:
    """Raises ValueError when there is nothing to send: ask `found.has_sheet` first."""
    leg, rma = found.way_back, found.rma
    if leg is None:
        raise ValueError("nothing is to be sent")
    box = leg.shipment
    made = (rma.approved_at or rma.requested_at).astimezone(zone_named(box.to_zone)).date()
    paper = Paper("Return sheet", rma.reference, made)
    _facts(paper, rma, box)
    _code(paper, rma.reference, "Return")
    for serial in leg.serials:
        _code(paper, serial, "Serial")
    _what_to_do(paper, rma, box)
    paper.add_page()
    _label(paper, rma, box)
    return paper.finished()


def _facts(paper: Paper, rma: Rma, box: Shipment) -> None:
    due = rma.return_due if rma.kind == RmaKind.ADVANCE else rma.valid_until
    paper.facts(
        [
            ("Part", part_words(rma)),
            ("Send it by", weekday_words(due) or "When the replacement is there"),
            ("Ticket", rma.ticket.reference),
        ]
    )
    known = [("From", box.from_name), ("To", box.to_name)]
    if box.their_reference:
        known.append(("Supplier's number", box.their_reference))
    paper.facts(known)
    paper.facts([("What is wrong", rma.symptom or "See the ticket")])


def _what_to_do(paper: Paper, rma: Rma, box: Shipment) -> None:
    paper.heading("Into the box")
    serials = "this part" if rma.component is None else f"the failed part, serial {rma.serial}"
    lines = [
        f"1. Only {serials}. We scan the serial when the box arrives; another part is sent back.",
        "2. This sheet, on top.",
        "3. No cables, keys or other parts of your own, unless the ticket says so.",
    ]
    if rma.media == Media.WIPED:
        lines.append("4. Check that its data is wiped. We do not recover data from returned parts.")
    for line in lines:
        paper.paragraph(line)
    paper.heading("On the box")
    paper.paragraph("Glue the label of the next page on the largest side. Remove or cross out older labels.")
    if rma.kind == RmaKind.ADVANCE:
        paper.paragraph(
            "The way back is on us. Use the carrier's label that came with the replacement."
            if not box.tracking_number
            else f"The way back is on us: carrier {box.carrier}, tracking number {box.tracking_number}."
        )
    else:
        paper.paragraph("You choose the carrier and pay the way to the factory. The way back is on us.")
    paper.paragraph("When it is handed over, say so on the page of this return. The carrier's first scan confirms it.")


def _label(paper: Paper, rma: Rma, box: Shipment) -> None:
    paper.heading("Label: cut out and glue on the box")
    top = paper.get_y() + 6
    _address(paper, top, "From", box.from_name, box.from_address, size=10)
    _address(paper, max(paper.get_y() + 6, top + 30), "To", box.to_name, box.to_address, size=16)
    paper.set_y(paper.get_y() + 8)
    _code(paper, rma.reference, "Return")
    if box.their_reference:
        _code(paper, box.their_reference, "Supplier's number")
    if box.tracking_number:
        _code(paper, box.tracking_number, f"Tracking number, {box.carrier}")
    paper.set_draw_color(*INK)
    paper.set_line_width(0.4)
    paper.rect(MARGIN - 4, top - 4, paper.epw + 8, paper.get_y() - top + 6)


def _address(paper: Paper, top: float, word: str, name: str, address: str, *, size: int) -> None:
    paper.set_xy(MARGIN, top)
    paper.set_font(FAMILY, "", 8)
    paper.set_text_color(*INK)
    paper.cell(0, 4, word, new_x="LMARGIN", new_y="NEXT")
    paper.set_font(FAMILY, "B", size)
    paper.multi_cell(0, size * 0.45, writable(name), align="L", new_x="LMARGIN", new_y="NEXT")
    paper.set_font(FAMILY, "", size)
    for line in address.splitlines():
        paper.multi_cell(0, size * 0.45, writable(line), align="L", new_x="LMARGIN", new_y="NEXT")


def _code(paper: Paper, text: str, label: str) -> None:
    """Bars with the text below. What the code can not write stands in letters alone."""
    height = 14.0
    paper.keep_together(height + 14)
    paper.set_font(FAMILY, "", 8)
    paper.set_text_color(*INK)
    paper.cell(0, 4, label, new_x="LMARGIN", new_y="NEXT")
    top = paper.get_y() + 1
    if code128.can_write(text):
        modules = code128.total(text)
        wide = min(MODULE, WIDEST / modules)
        paper.set_fill_color(0, 0, 0)
        for start, width in code128.bars(text):
            # The quiet zone hangs into the margin, so that bars begin where the letters do.
            paper.rect(MARGIN + 1 + (start - code128.QUIET) * wide, top, width * wide, height, style="F")
        paper.set_y(top + height + 1)
    paper.set_font(FAMILY, "B", 12)
    paper.cell(0, 6, writable(text), new_x="LMARGIN", new_y="NEXT")
    paper.set_draw_color(*LINE)
    paper.ln(2)
