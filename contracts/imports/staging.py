"""Rows of a file in the database, ready to be judged and written: in by COPY, out by run."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from uuid import UUID

from django.db import connection

from contracts.imports.kinds import Kind
from contracts.imports.reading import Problem, Row, check_bytes, read
from contracts.models import ImportProblem, ImportRow, normal_serial
from rozoom_support.lib.ids import new_id

MOST_PROBLEMS = 10_000  # kept; all are counted
NULL = r"\N"
Tick = Callable[[int, int], None]  # rows gone through, and about how many there are


@dataclass
class Staged:
    """How many rows stand in the file, and the first problems of all that were found in its cells."""

    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0

    def note(self, found: list[Problem]) -> None:
        self.problem_count += len(found)
        if len(self.problems) < MOST_PROBLEMS:
            self.problems += found[: MOST_PROBLEMS - len(self.problems)]


def stage(run_id: UUID, kind: Kind, file: IO[bytes], tick: Tick) -> Staged:
    """Read the file into ImportRow. Raises NotReadable."""
    unstage(run_id)
    staged = Staged()
    total = max(check_bytes(file) - 2, 1)  # the heading and what follows the last line end are no rows
    fields = [column.field for column in kind.columns]
    columns = ["run_id", "line", "key", "is_bad", *fields, "serial_normal"]
    source = _Lines(_copied(run_id, kind, file, staged, lambda: tick(staged.rows, max(total, staged.rows))))
    table = ImportRow._meta.db_table
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", source, size=64 * 1024)
        cursor.execute("SELECT app.measure_import_rows()")
    if source.error is not None:
        raise source.error
    return staged


def unstage(run_id: UUID) -> None:
    ImportRow.objects.filter(run_id=run_id).delete()


def _copied(run_id: UUID, kind: Kind, file: IO[bytes], staged: Staged, tick: Callable[[], None]) -> Iterator[str]:
    """Each row as a line of COPY. No value has a tab or a line break; a backslash is the only thing to write otherwise."""
    names, run = kind.names, str(run_id)
    for row in read(file, kind):
        staged.rows += 1
        if row.problems:
            staged.note(row.problems)
        if staged.rows % 500 == 0:
            tick()
        yield "\t".join((run, str(row.line), str(new_id()), "t" if row.problems else "f", *_cells(row, names))) + "\n"
    tick()


def _cells(row: Row, names: list[str]) -> Iterator[str]:
    for name in names:
        value = row.values.get(name)
        yield NULL if value is None else value.replace("\\", "\\\\")
    serial = row.values.get("serial")
    yield NULL if serial is None else normal_serial(serial).replace("\\", "\\\\")


class _Lines:
    """What COPY reads from. The driver would turn an error of ours into its own, so it is kept and raised afterwards."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines, self.rest = lines, ""
        self.error: Exception | None = None

    def read(self, size: int) -> str:
        parts, length = [self.rest], len(self.rest)
        try:
            while length < size:
                line = next(self.lines, "")
                if not line:
                    break
                parts.append(line)
                length += len(line)
        except Exception as error:
            self.error = error
            self.rest = ""
            return ""
        whole = "".join(parts)
        self.rest = whole[size:]
        return whole[:size]


# Problems

NOTE = """
WITH found AS MATERIALIZED ({checks}),
marked AS (
  UPDATE contracts_importrow r SET outcome = 'bad' FROM (SELECT DISTINCT line FROM found) f
  WHERE r.run_id = %(run)s AND r.line = f.line),
kept AS (
  INSERT INTO contracts_importproblem (run_id, line, "column", value, reason)
  SELECT %(run)s, line, col, left(coalesce(value, ''), 120), left(reason, 300) FROM found ORDER BY line, col LIMIT %(most)s)
SELECT count(*) FROM found"""


def note_problems(run_id: UUID, checks: str, **values: Any) -> int:
    """Mark the rows that `checks`, a SELECT of (line, col, value, reason), finds fault with. Returns how many faults."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE.format(checks=checks), {"run": run_id, "most": MOST_PROBLEMS, **values})
        return cursor.fetchone()[0]


def keep_problems(run_id: UUID, problems: list[Problem]) -> None:
    """Add what was found in cells, and keep the first MOST_PROBLEMS of all by line."""
    stored = ImportProblem.objects.filter(run_id=run_id)
    earlier = [Problem(one.line, one.column, one.value, one.reason) for one in stored.order_by("line", "id")]
    first = list(heapq.merge(problems, earlier, key=lambda one: one.line))[:MOST_PROBLEMS]
    stored.delete()
    ImportProblem.objects.bulk_create(
        [
            ImportProblem(run_id=run_id, line=one.line, column=one.column, value=one.value, reason=one.reason)
            for one in first
        ],
        batch_size=1000,
    )
