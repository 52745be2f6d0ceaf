"""Reading a file: is it CSV in UTF-8 with the columns of its kind, and what is wrong in which cell."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import IO

from contracts.imports.kinds import MAY_BE_EMPTY, Column, Kind
from rozoom_support.lib.refusals import Refused

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
LONGEST_LINE = 256 * 1024  # characters; csv refuses a cell at 131,072 by itself
CHUNK = 1024 * 1024
REMEMBERED = 20_000  # values of a column whose check is not done twice
SAVE_AS = "Save it as CSV in UTF-8 and choose it again."


class NotReadable(Refused):
    """The file as a whole can not be used."""

    code = "not_readable"
    status = 422


@dataclass(frozen=True)
class Problem:
    line: int
    column: str
    value: str
    reason: str


@dataclass
class Row:
    """`line` as a spreadsheet counts: the heading is line 1, a quoted line break is inside its row. `values` by column."""

    line: int
    values: dict[str, str]
    problems: list[Problem] = field(default_factory=list)


def read(file: IO[bytes], kind: Kind) -> Iterator[Row]:
    """Every row below the heading, good or not, of a file that passed check_bytes. Raises NotReadable where it happens."""
    file.seek(0)
    text = TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        yield from _rows(text, kind)
    finally:
        text.detach()  # the file is its opener's to close


def check_bytes(file: IO[bytes]) -> int:
    """The whole file is text in UTF-8. Returns its lines; raises NotReadable with line and byte, both counted from 1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    at, line = 0, 1
    while chunk := file.read(CHUNK):
        if at == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise NotReadable(f"The file is written in UTF-16. {SAVE_AS}")
        if (nul := chunk.find(b"\0")) >= 0:
            line += chunk.count(b"\n", 0, nul)
            raise NotReadable(f"{_place(line, at + nul)} is zero: this is no text. {SAVE_AS}")
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            inside = error.start - pending
            line += chunk.count(b"\n", 0, max(0, inside))
            raise NotReadable(f"{_place(line, at + inside)} is not UTF-8. {SAVE_AS}") from error
        line += chunk.count(b"\n")
        at += len(chunk)
    if decoder.getstate()[0]:
        raise NotReadable(f"{_place(line, at - 1)} is not UTF-8: the file was cut off there. {SAVE_AS}")
    return line


def _place(line: int, offset: int) -> str:
    return f"Line {line:,}, byte {offset + 1:,} of the file"


def _rows(text: TextIOWrapper, kind: Kind) -> Iterator[Row]:
    line, heading = _heading_line(text)
    separator, columns = _columns(heading, kind)
    check = _Checks(kind, columns)
    reader = csv.reader(_lines(text, line), delimiter=separator, strict=True)
    try:
        for cells in reader:
            line += 1
            if any(cell.strip() for cell in cells):
                yield check.row(line, cells)
    except csv.Error as error:
        raise NotReadable(f"The row in line {line + 1:,} is not CSV: {_in_words(str(error))}.") from error


def _heading_line(text: TextIOWrapper) -> tuple[int, str]:
    line = 0
    while heading := text.readline(LONGEST_LINE):
        line += 1
        if heading.strip():
            return line, heading
    raise NotReadable("The file is empty.")


def _lines(text: TextIOWrapper, line: int) -> Iterator[str]:
    while found := text.readline(LONGEST_LINE):
        line += 1
        if len(found) == LONGEST_LINE and not found.endswith(("\n", "\r")):
            raise NotReadable(f"Line {line:,} of the file is longer than {LONGEST_LINE:,} characters.")
        yield found


def _in_words(error: str) -> str:
    if "field limit" in error:
        return f"a cell is longer than {csv.field_size_limit():,} characters, or a quote is never closed"
    if "end of data" in error:
        return "a quote is never closed"
    if "expected after" in error:
        return "after a closing quote comes a separator or the end of the line"
    return error


def _columns(heading: str, kind: Kind) -> tuple[str, list[Column]]:
    """The separator that gives most of the columns, and the columns in their order in the file."""
    tried = {separator: _names(heading, separator) for separator in SEPARATORS}
    known = {column.name: column for column in kind.columns}
    separator = max(tried, key=lambda one: len(set(tried[one]) & known.keys()))
    names = tried[separator]
    while names and not names[-1]:
        names.pop()  # spreadsheets write separators behind the last column
    wrong = []
    if missing := [name for name in kind.needed if name not in names]:
        wrong.append(f"{_counted(missing, 'is', 'are')} missing")
    if unknown := [name or "(no name)" for name in names if name not in known]:
        wrong.append(f"{_counted(unknown, 'is', 'are')} unknown")
    if double := sorted({name for name in names if name in known and names.count(name) > 1}):
        wrong.append(f"{_counted(double, 'stands', 'stand')} there twice")
    if wrong:
        raise NotReadable(f"The heading has the wrong columns: {'; '.join(wrong)}. Expected: {kind.list_of_columns}.")
    return separator, [known[name] for name in names]


def _names(heading: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([heading], delimiter=separator))
    except (csv.Error, StopIteration):
        return []
    return ["_".join(cell.replace("-", " ").replace("_", " ").lower().split()) for cell in cells]


def _counted(names: list[str], one: str, more: str) -> str:
    shown = [name[:40] for name in names[:12]]
    return f"{', '.join(shown)} {one if len(names) == 1 else more}"


class _Checks:
    """The checks of each column, which remember what they have seen: a file names the same customer ten thousand times."""

    def __init__(self, kind: Kind, columns: list[Column]) -> None:
        self.kind, self.columns = kind, columns
        self.seen: list[dict[str, tuple[str, str]]] = [{} for _ in columns]

    def row(self, line: int, cells: list[str]) -> Row:
        row = Row(line, {})
        width = len(self.columns)
        if len(cells) != width and (len(cells) < width or any(cell.strip() for cell in cells[width:])):
            reason = f"The row has {len(cells)} cell{'s' if len(cells) > 1 else ''}, the heading {width}."
            row.problems.append(Problem(line, "", "", reason))
            return row
        for place, column in enumerate(self.columns):
            cell = cells[place]
            known = self.seen[place]
            if (found := known.get(cell)) is None:
                found = self._check(column, cell)
                if len(known) < REMEMBERED:
                    known[cell] = found
            kept, reason = found
            if reason:
                row.problems.append(Problem(line, column.name, cell[:120], reason))
            elif kept:
                row.values[column.name] = kept
        for name, reason in self.kind.check_row(row.values):
            row.problems.append(Problem(line, name, row.values[name][:120], reason))
        return row

    @staticmethod
    def _check(column: Column, cell: str) -> tuple[str, str]:
        """What to keep, and what is wrong. Line breaks and spaces in a row become one space."""
        value = " ".join(cell.split())
        if not value:
            is_missing = column.needed and column.name not in MAY_BE_EMPTY
            return "", "This cell is empty." if is_missing else ""
        try:
            return column.check(value), ""
        except ValueError as wrong:
            return "", str(wrong)
