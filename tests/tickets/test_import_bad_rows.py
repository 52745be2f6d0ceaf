"""What is wrong in a file: said with line and reason, and never half imported."""

import csv
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from tenancy.context import work_unit
from tests.tickets.event_log import EXTRA, counts, imported, incident, row, run, segments, utc, write_log
from tests.world import STAFF
from tickets.history.reading import COLUMNS
from tickets.models import Ticket


def left_out(out: str) -> list[str]:
    return section(out, "Left out:")


def mended(out: str) -> list[str]:
    return section(out, "Imported, but mended:")


def section(out: str, title: str) -> list[str]:
    lines = out.splitlines()
    if title not in lines:
        return []
    found = lines[lines.index(title) + 1 :]
    return [line.strip() for line in found[: found.index("")]]


# --- The file as a whole ----------------------------------------------------------------------------------------------


def refused(path: Path, *arguments: str) -> str:
    before = counts()
    with pytest.raises(CommandError) as refusal:
        run(path, *arguments)
    assert counts() == before
    return str(refusal.value)


def test_missing_columns_are_named(db: None, tmp_path: Path) -> None:
    columns = [name for name in COLUMNS if name not in {"priority", "location"}]
    path = write_log(tmp_path / "log.csv", incident("INC1"), columns=columns)
    assert refused(path) == "log.csv lacks 2 columns: location, priority."


def test_a_header_of_something_else_is_told_what_is_needed(db: None, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("name;phone\nAnn;1\n")
    assert refused(path).startswith("log.csv has no header we know. Its first line must name these columns: number, ")


def test_a_column_that_stands_there_twice_is_refused(db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", incident("INC1"), columns=[*COLUMNS, "priority"])
    assert refused(path) == "log.csv has more than one column named priority."


def test_another_encoding_is_named_with_its_line(db: None, tmp_path: Path) -> None:
    rows = [*incident("INC1"), *incident("INC2", location="Zürich")]
    path = write_log(tmp_path / "log.csv", rows, encoding="latin-1")
    assert refused(path) == "log.csv is not UTF-8 (line 6). Save it as CSV in UTF-8 and start again."


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(db: None, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    assert refused(path) == "log.csv is empty."


def test_a_missing_file_is_refused(db: None, tmp_path: Path) -> None:
    assert "can not be read: No such file" in refused(tmp_path / "log.csv")


def test_a_quotation_that_never_ends_is_refused(db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", incident("INC1"))
    path.write_text(path.read_text() + 'INC2,"New,TRUE\n')
    assert refused(path).startswith("Line 6 is not CSV: ")


def test_a_header_without_rows_imports_nothing(db: None, tmp_path: Path) -> None:
    assert "0 rows, 0 incidents" in run(write_log(tmp_path / "log.csv", []))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_commas_semicolons_tabs_and_a_byte_order_mark_are_read(
    db: None, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    rows = incident("INC1", location="Zürich, Hall 3")
    run(write_log(tmp_path / "log.csv", rows, delimiter=delimiter, encoding=encoding))
    assert imported().customer.name == "Zürich, Hall 3"


def test_columns_may_stand_in_any_order_among_others(db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", incident("INC1"), columns=[*EXTRA, *reversed(COLUMNS), "vendor"])
    assert "Imported 1 incidents." in run(path)


def test_rows_of_one_incident_may_stand_apart(db: None, tmp_path: Path) -> None:
    first, second = incident("INC1"), incident("INC2")
    run(write_log(tmp_path / "log.csv", [line for pair in zip(first, second, strict=True) for line in pair]))
    assert (imported("INC1").state, imported("INC2").state) == ("CLOSED", "CLOSED")


# --- Single rows ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("sys_updated_at", "2016-02-29 08:00", "'2016-02-29 08:00' is not a time such as 29-02-2016 01:16."),
        ("sys_updated_at", "30-02-2016 08:00", "'30-02-2016 08:00' is not a time such as 29-02-2016 01:16."),
        ("opened_at", "?", "'?' is not a time such as 29-02-2016 01:16."),
        ("closed_at", "soon", "'soon' is not a time such as 29-02-2016 01:16."),
        (
            "priority",
            "5 - Planning",
            "'5 - Planning' is unknown. Known are: 1 - Critical, 2 - High, 3 - Moderate, 4 - Low.",
        ),
        ("priority", "?", "'?' is unknown. Known are: 1 - Critical, 2 - High, 3 - Moderate, 4 - Low."),
        ("incident_state", "-100", "'-100' is unknown. Known are: New, Active, Awaiting Problem,"),
        ("contact_type", "Fax", "'Fax' is unknown. Known are: Phone, IVR, Email, Self service, Direct opening."),
        ("category", "x" * 81, "The value is longer than 80 characters."),
        ("location", "Hall\x00 3", "The value has characters that can not be shown."),
        ("caller_id", "Caller 8", "'Caller 7' here, 'Caller 8' above: whose incident is this?"),
        ("opened_at", "28-02-2016 08:00", "'29-02-2016 08:00' here, '28-02-2016 08:00' above: whose incident is this?"),
    ],
)
def test_a_bad_value_leaves_its_whole_incident_out(
    db: None, tmp_path: Path, column: str, value: str, said: str
) -> None:
    bad = incident("INC2")
    bad[1][column] = value
    out = run(write_log(tmp_path / "log.csv", [*incident("INC1"), *bad, *incident("INC3")]))
    assert "Imported 2 incidents." in out
    assert "1 incidents were left out; see below." in out
    line = 8 if said.startswith(("'Caller 7'", "'29-02")) else 7
    reasons = left_out(out)
    assert f"line {line}, INC2, {column}: {said}" in "\n".join(reasons)
    with work_unit(STAFF):
        assert not Ticket.objects.filter(external_reference="INC2").exists()


def test_a_row_cut_short_leaves_its_incident_out(db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", [*incident("INC1"), *incident("INC2")])
    path.write_text(path.read_text()[:-60])
    out = run(path)
    assert left_out(out)[0].startswith("line 9, INC2: The row has ")
    assert "Imported 1 incidents." in out


@pytest.mark.parametrize("number", ["?", "", "I" * 81])
def test_a_row_without_a_number_is_reported(db: None, tmp_path: Path, number: str) -> None:
    out = run(write_log(tmp_path / "log.csv", [*incident("INC1"), row(number, "New", "08:00")]))
    assert left_out(out) == ["line 6, number: The incident number is missing or longer than 80 characters."]
    assert "Imported 1 incidents." in out


def test_a_time_that_runs_backwards_is_moved_forward_and_said(db: None, tmp_path: Path) -> None:
    rows = [
        row("INC1", "New", "07:30"),
        row("INC1", "New", "10:00"),
        row("INC1", "Active", "09:00", priority="2 - High"),
    ]
    out = run(write_log(tmp_path / "log.csv", rows))
    assert mended(out) == [
        "line 2, INC1, sys_updated_at: 29-02-2016 07:30 is before the incident was opened. (taken as 29-02-2016 08:00)",
        "line 4, INC1, sys_updated_at: 29-02-2016 09:00 is before the row above. (taken as 29-02-2016 10:00)",
    ]
    assert segments(imported())[-1].stopped_at == utc("29-02-2016 10:00")


def test_rows_that_disagree_about_the_location_follow_the_last_one(db: None, tmp_path: Path) -> None:
    rows = incident("INC1")
    rows[2]["location"] = rows[3]["location"] = "Location 9"
    out = run(write_log(tmp_path / "log.csv", rows))
    said = "line 4, INC1, location: 'Location 9' here, 'Location 143' above. (the last one counts: Location 9)"
    assert mended(out) == [said]
    assert imported().customer.code == "LOC9"


def test_a_location_that_becomes_known_is_no_disagreement(db: None, tmp_path: Path) -> None:
    rows = incident("INC1")
    rows[0]["location"] = "?"
    assert mended(run(write_log(tmp_path / "log.csv", rows))) == []
    assert imported().customer.code == "LOC143"


def test_a_state_that_goes_back_to_new_stays_and_is_said(db: None, tmp_path: Path) -> None:
    rows = [row("INC1", "Active", "09:00"), row("INC1", "New", "10:00")]
    out = run(write_log(tmp_path / "log.csv", rows))
    said = "line 3, INC1, incident_state: The state goes back to New, which a ticket can not. (it stays Open)"
    assert mended(out) == [said]
    assert imported().state == "OPEN"


def test_the_report_holds_every_line(db: None, tmp_path: Path) -> None:
    rows = [row(f"INC{number}", "New", "08:00", priority="9") for number in range(30)]
    path = write_log(tmp_path / "log.csv", [*rows, row("INC99", "Active", "07:00")])
    out = run(path, "--report", str(tmp_path / "report.csv"))
    assert len(left_out(out)) == 21
    assert left_out(out)[-1] == "… and 10 more; --report FILE lists them all."
    with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as stream:
        report = list(csv.DictReader(stream))
    assert len(report) == 31
    assert report[0]["line"] == "2"
    assert report[0]["result"] == "left out"
    assert report[-1]["result"] == "imported, taken as 29-02-2016 08:00"


def test_a_report_that_can_not_be_written_stops_before_anything_is_imported(db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", incident("INC1"))
    assert "The report can not be written to" in refused(path, "--report", str(tmp_path / "no" / "report.csv"))
