"""The sheet that quotes, invoices and credit notes are written on: A4, one typeface, the same bytes for the same content."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import fontpkg_ibm_plex_sans
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode
from fpdf.fonts import FontFace

VARIABLE = fontpkg_ibm_plex_sans.ROOT / "files" / "IBMPlexSans[wdth,wght].ttf"
FAMILY = "Plex"
WEIGHTS = {"": 400, "B": 600}
LAYOUT_TABLES = ("GSUB", "GPOS", "GDEF", "STAT")
INK, MUTED, ACCENT, LINE, GROUND = (20, 32, 42), (74, 89, 99), (11, 95, 102), (203, 211, 216), (234, 238, 240)
MARGIN = 18  # millimetres
UNKNOWN = "?"
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every glyph


@lru_cache(maxsize=1)
def faces() -> tuple[TemporaryDirectory, dict[str, Path], frozenset[int]]:
    """The two weights cut out of the variable font, once a process, in a folder that goes with it; and what it can write."""
    folder = TemporaryDirectory(prefix="rozoom-letters-")
    paths = {}
    letters: frozenset[int] = frozenset()
    for style, weight in WEIGHTS.items():
        font = TTFont(VARIABLE, recalcTimestamp=False)
        letters = frozenset(font.getBestCmap())
        for table in LAYOUT_TABLES:
            if table in font:
                del font[table]
        paths[style] = Path(folder.name) / f"{weight}.ttf"
        instantiateVariableFont(font, {"wght": weight, "wdth": 100}, inplace=True).save(paths[style])
    return folder, paths, letters


def writable(text: str) -> str:
    """Signs of a script that the typeface does not have become a question mark, rather than empty boxes."""
    letters = faces()[2]
    return "".join(sign if ord(sign) in letters or sign == "\n" else UNKNOWN for sign in text)


class Paper(FPDF):
    """`title` and `number` stand on every page."""

    def __init__(self, title: str, number: str, on: date) -> None:
        super().__init__(format="A4")
        self.what, self.number = title, writable(number)
        for style, path in faces()[1].items():
            self.add_font(FAMILY, style, path)
        self.set_creation_date(datetime(on.year, on.month, on.day, tzinfo=UTC))
        self.set_title(f"{title} {number}")
        self.set_author("roZoom")
        self.set_producer("roZoom Support")
        self.set_lang("en")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 8)
        self.add_page()

    def header(self) -> None:
        self.set_draw_color(*ACCENT)
        self.set_line_width(1.1)
        self.ellipse(MARGIN, 15.2, 6, 6)
        self.set_line_width(1.4)
        self.line(MARGIN + 5.4, 20.6, MARGIN + 7.6, 22.8)
        self.write_at(MARGIN + 10, 15.2, "roZoom", size=13, bold=True)
        self.write_at(MARGIN, 15.6, f"{self.what} {self.number}", size=11, bold=True, right=True)
        self.set_y(32 if self.page_no() == 1 else 28)

    def footer(self) -> None:
        self.set_y(-MARGIN)
        self.set_font(FAMILY, "", 8)
        self.set_text_color(*MUTED)
        self.cell(0, 5, f"{self.what} {self.number}")
        self.set_x(MARGIN)
        self.cell(0, 5, f"Page {self.page_no()} of {{nb}}", align="R")

    def write_at(self, x: float, y: float, text: str, *, size: float, bold: bool = False, right: bool = False) -> None:
        self.set_xy(x, y)
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*INK)
        self.cell(0, 6, writable(text), align="R" if right else "L")

    def heading(self, text: str) -> None:
        self.keep_together(18)
        self.ln(4)
        self.set_font(FAMILY, "B", 11)
        self.set_text_color(*INK)
        self.multi_cell(0, 6, writable(text), new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def paragraph(self, text: str, *, muted: bool = False) -> None:
        self.set_font(FAMILY, "", 9.5)
        self.set_text_color(*(MUTED if muted else INK))
        self.multi_cell(0, 4.8, writable(text), align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(1.2)

    def facts(self, columns: Sequence[tuple[str, str]]) -> None:
        """Small label over value, side by side: who, to whom, when."""
        width = self.epw / len(columns)
        top, bottom = self.get_y(), self.get_y()
        for place, (label, value) in enumerate(columns):
            self.set_xy(MARGIN + place * width, top)
            self.set_font(FAMILY, "", 8)
            self.set_text_color(*MUTED)
            self.cell(width, 4, label, new_x="LEFT", new_y="NEXT")
            self.set_font(FAMILY, "", 10)
            self.set_text_color(*INK)
            self.multi_cell(width - 4, 5, writable(value), align="L")
            bottom = max(bottom, self.get_y() + 5)
        self.set_xy(MARGIN, bottom + 3)

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[str]], *, widths: Sequence[int], numbers: int) -> None:
        """A table whose head comes again on each page. The last `numbers` columns are amounts."""
        self.set_font(FAMILY, "", 8.5)
        self.set_text_color(*INK)
        self.set_draw_color(*LINE)
        self.set_line_width(0.2)
        plain, aligned = len(head) - numbers, ["LEFT"] * (len(head) - numbers) + ["RIGHT"] * numbers
        heads = FontFace(emphasis="BOLD", color=INK, fill_color=GROUND)
        with self.table(
            col_widths=widths,
            text_align=aligned,
            headings_style=heads,
            line_height=4.6,
            padding=(1.1, 1.2),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_mode=TableCellFillMode.NONE,
        ) as table:
            for row in (head, *rows):
                line = table.row()
                for place, text in enumerate(row):
                    line.cell(writable(text) if place < plain else text)
        self.ln(2)

    def totals(self, rows: Sequence[tuple[str, str]]) -> None:
        """The last one is the sum."""
        self.keep_together(8 * len(rows) + 4)
        for place, (label, amount) in enumerate(rows):
            is_sum = place == len(rows) - 1
            self.set_font(FAMILY, "B" if is_sum else "", 11 if is_sum else 9.5)
            self.set_text_color(*INK)
            self.cell(self.epw - 42, 6.5, label, align="R")
            self.cell(42, 6.5, amount, align="R", new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def keep_together(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()

    def finished(self) -> bytes:
        return bytes(self.output())
