"""What a file must look like: every refusal, with the place it names."""

import csv
from io import BytesIO
from typing import Any

import pytest

from contracts.imports.kinds import KINDS
from contracts.imports.reading import NotReadable, Row, check_bytes, read

C = KINDS["COMPONENTS"]
HEADING = "customer,site,product,serial,location,implemented_on,warranty_until,site_time_zone"
GOOD = "ACME,Plant,DC-7,X1,Rack 4,2026-01-15,2028-01-14,Europe/Berlin"


def rows(text: str | bytes, kind: str = "COMPONENTS") -> list[Row]:
    file = BytesIO(text if isinstance(text, bytes) else text.encode())
    check_bytes(file)
    return list(read(file, KINDS[kind]))


def faults(text: str, kind: str = "COMPONENTS") -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.reason) for row in rows(text, kind) for one in row.problems]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_separators_line_ends_and_a_byte_order_mark_are_understood(separator: str, end: str, bom: bytes) -> None:
    text = end.join(line.replace(",", separator) for line in (HEADING, GOOD)) + end
    (row,) = rows(bom + text.encode())
    assert (row.line, row.problems) == (2, [])
    assert row.values["serial"] == "X1"
    assert row.values["site_time_zone"] == "Europe/Berlin"


def test_the_heading_forgives_case_spaces_order_and_what_is_optional() -> None:
    (row,) = rows(' Serial , PRODUCT,Site,"Implemented  On",customer,,\nx 1,dc-7, Plant  2 ,2026-01-15,acme,,\n')
    assert row.problems == []
    expected = {
        "serial": "x 1",
        "product": "DC-7",
        "site": "Plant 2",
        "implemented_on": "2026-01-15",
        "customer": "ACME",
    }
    assert row.values == expected


def test_a_line_break_in_quotes_stays_in_its_row_and_lines_count_as_in_a_spreadsheet() -> None:
    text = f'{HEADING}\nACME,Plant,DC-7,X1,"Rack\n4",,,\n\nACME,Plant,DC-7,,,,,\n'
    first, second = rows(text)
    assert (first.line, first.values["location"]) == (2, "Rack 4")
    assert (second.line, second.problems[0].column) == (4, "serial")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n \n", "The file is empty."),
        (b"customer;place;serial;serial\n", "site, product are missing; place is unknown; serial stands there twice"),
        (b"\x00\x01", "Line 1, byte 1 of the file is zero"),
        (f"{HEADING}\nACME,Pl\x00nt".encode(), f"Line 2, byte {len(HEADING) + 9} of the file is zero"),
        (f"{HEADING}\nACME,Müll".encode("latin-1"), f"Line 2, byte {len(HEADING) + 8} of the file is not UTF-8"),
        (f"{HEADING}\nACME,M".encode() + b"\xc3", f"byte {len(HEADING) + 8} of the file is not UTF-8: the file was cut off"),
        (HEADING.encode("utf-16"), "The file is written in UTF-16"),
        (f'{HEADING}\n{GOOD}\nACME,"Plant'.encode(), "The row in line 3 is not CSV: a quote is never closed"),
        (f'{HEADING}\nACME,"Plant" 2,DC-7'.encode(), "The row in line 2 is not CSV: after a closing quote comes a separator"),
        (f"{HEADING}\n{'x' * 200_000}".encode(), "The row in line 2 is not CSV: a cell is longer than 131,072 characters"),
        (f"{HEADING}\n{'x' * 300_000}".encode(), "Line 2 of the file is longer than 262,144 characters"),
    ],
)  # fmt: skip
def test_a_file_that_can_not_be_used_is_refused_with_the_place(content: bytes, words: str) -> None:
    with pytest.raises(NotReadable) as refused:
        rows(content)
    assert words in refused.value.message


def test_the_refusal_of_columns_names_those_that_are_expected() -> None:
    with pytest.raises(
        NotReadable, match="Expected: product, currency, list_price, valid_from, valid_to \\(optional\\)\\."
    ):
        rows("a,b\n", "PRICES")


def test_a_byte_far_into_the_file_is_counted_over_the_chunks_it_is_read_in() -> None:
    body = (f"{HEADING}\n" + f"{GOOD}\n" * 40_000).encode()
    assert len(body) > 2 * 1024 * 1024
    with pytest.raises(NotReadable, match=f"Line 40,002, byte {len(body) + 1:,} "):
        check_bytes(BytesIO(body + b"\xff"))


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ("customer", "", "This cell is empty."),
        ("serial", "  ", "This cell is empty."),
        ("serial", ". / .", "A serial has letters or digits."),
        ("serial", "X" * 81, "It is longer than 80 characters."),
        ("site", "S" * 121, "It is longer than 120 characters."),
        ("site", "a\x07b", "It has characters that can not be shown."),
        ("location", "=1+1", "It begins with =, which spreadsheets run as a formula."),
        ("location", "@SUM(A1)", "It begins with @, which spreadsheets run as a formula."),
        ("location", "+49 30", "It begins with +, which spreadsheets run as a formula."),
        ("location", '"\n=1"', "It begins with =, which spreadsheets run as a formula."),
        ("customer", "-A", "It begins with -, which spreadsheets run as a formula."),
        ("implemented_on", "15.01.2026", "This is no date such as 2026-11-23."),
        ("implemented_on", "20260115", "This is no date such as 2026-11-23."),
        ("implemented_on", "2026-02-30", "There is no such day in the calendar."),
        ("implemented_on", "0026-01-15", "The year must lie between 1970 and 2100."),
        ("implemented_on", "٢٠٢٦-٠١-١٥", "This is no date such as 2026-11-23."),
        ("warranty_until", "2026-01-14", "It lies before implemented_on, 2026-01-15."),
        ("site_time_zone", "CET+1", "This is no time zone."),
        ("site_time_zone", "../etc/passwd", "This is no time zone."),
    ],
)
def test_a_bad_cell_of_a_component_is_told_with_line_and_column(cell: str, value: str, words: str) -> None:
    values = dict(zip(HEADING.split(","), GOOD.split(","), strict=True)) | {cell: value}
    found = faults(f"{HEADING}\n{GOOD}\n{','.join(values.values())}\n")
    assert [(line, column) for line, column, _ in found] == [(3, cell)]
    assert found[0][2].startswith(words)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("8400.00", "EUR", ""),
        ("8400", "eur", ""),
        ("0", "EUR", ""),
        ("1350000", "JPY", ""),
        ("1000.125", "KWD", ""),
        ("9999999999.99", "EUR", ""),
        ("-1.00", "EUR", "A price is not negative."),
        ("8400.001", "EUR", "EUR has 2 digits after the decimal point."),
        ("10.000", "EUR", "EUR has 2 digits after the decimal point."),
        ("100.5", "JPY", "JPY has no digits after the decimal point."),
        ("10,50", "EUR", "Write it with a decimal point, such as 10.50."),
        ("8,400.00", "EUR", "Write it without thousands separators"),
        ("8.400,00", "EUR", "Write it without thousands separators"),
        ("8 400", "EUR", "Write it without thousands separators"),
        ("8\u00a0400.00", "EUR", "Write it without thousands separators"),
        ("8'400.00", "CHF", "Write it without thousands separators"),
        ("10000000000.00", "EUR", "It has more than 10 digits before the decimal point."),
        ("1e5", "EUR", "This is no amount such as 1234.50."),
        ("NaN", "EUR", "This is no amount such as 1234.50."),
        ("+5.00", "EUR", "This is no amount such as 1234.50."),
        ("=5", "EUR", "This is no amount such as 1234.50."),
        ("EUR 5", "EUR", "This is no amount such as 1234.50."),
        ("٥", "EUR", "This is no amount such as 1234.50."),
    ],
)
def test_prices_are_plain_decimal_numbers(amount: str, currency: str, words: str) -> None:
    found = faults(f'product;currency;list_price;valid_from\nDC-7;{currency};"{amount}";2027-01-01\n', "PRICES")
    assert [(line, column) for line, column, _ in found] == ([(2, "list_price")] if words else [])
    assert not words or found[0][2].startswith(words)


def test_an_unknown_currency_is_told_at_its_cell() -> None:
    found = faults("product,currency,list_price,valid_from\nDC-7,EURO,1.00,2027-01-01\n", "PRICES")
    assert found == [(2, "currency", "This is no currency. Use its three letters, such as EUR.")]


def test_money_that_went_back_is_negative_and_nothing_is_no_booking() -> None:
    heading = "booked_on,amount,currency,payer,text\n"
    back, nothing = rows(f"{heading}2026-01-01,-5.00,EUR,,\n2026-01-01,-0.00,EUR,,\n", "PAYMENTS")
    assert (back.values["amount"], back.problems) == ("-5.00", [])
    assert [one.reason for one in nothing.problems] == ["An amount of zero is no booking."]


def test_a_row_of_the_wrong_width_is_told_and_empty_cells_at_its_end_are_forgiven() -> None:
    found = faults(f"{HEADING}\n{GOOD},,\n{GOOD},x\nACME,Plant\n")
    assert found == [(3, "", "The row has 9 cells, the heading 8."), (4, "", "The row has 2 cells, the heading 8.")]


def test_a_row_keeps_all_its_faults() -> None:
    found = faults(f"{HEADING}\nACME,,DC-7,=X,,2026-13-01,,Nowhere\n")
    assert [column for _, column, _ in found] == ["site", "serial", "implemented_on", "site_time_zone"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_sample_of_each_kind_can_be_read(kind: Any) -> None:
    file = BytesIO()
    text = [kind.names, *kind.sample]
    file.write("\n".join(",".join(f'"{cell}"' for cell in row) for row in text).encode())
    check_bytes(file)
    assert [row.problems for row in read(file, kind)] == [[]] * len(kind.sample)
    assert csv.field_size_limit() >= 131_072
