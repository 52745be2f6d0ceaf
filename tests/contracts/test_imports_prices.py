"""Price lists from a file: no overlap, no gap, the same file twice changes nothing."""

from datetime import UTC, date, datetime

import pytest

from contracts.models import PriceListEntry
from tenancy.context import work_unit
from tenancy.models import AuditEvent
from tests.contracts.deals import price, quoted
from tests.contracts.imports import PRICES, STAFF, checked, counts, problems, written
from tests.world import World

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
Price = tuple[str, str, str]


def listed(currency: str = "EUR") -> list[Price]:
    """(price, first day, last day) of the only product, in their order."""
    with work_unit(STAFF):
        found = PriceListEntry.objects.filter(currency=currency).order_by("valid_from")
        return [(f"{one.list_price.normalize():f}", str(one.valid_from), str(one.valid_to or "")) for one in found]


def test_a_new_price_ends_the_open_one_the_day_before(world: World) -> None:
    price(world.components["acme"], "8400.00", "EUR")
    run = written(world, "PRICES", f"{PRICES}DC-7,EUR,8700.00,2027-01-01,\n")
    assert listed() == [("8400", "2020-01-01", "2026-12-31"), ("8700", "2027-01-01", "")]
    assert (counts(run), run.message) == ((1, 0, 0, 0), "1 open price ended the day before the next")
    assert "the price from 2020-01-01 ends on 2026-12-31" in run.preview["groups"][0]["rows"][0][-1]
    with work_unit(STAFF):
        event = AuditEvent.objects.get(verb="prices.imported")
    assert (event.customer_id, event.actor_name) == (world.rozoom.pk, "Fin Test")


def test_open_prices_of_a_file_follow_each_other_in_any_order_and_again(world: World) -> None:
    text = f"{PRICES}DC-7,EUR,3.00,2028-01-01,\nDC-7,EUR,1.00,2026-01-01,\nDC-7,eur,2.00,2027-01-01,\n"
    assert counts(written(world, "PRICES", text)) == (3, 0, 0, 0)
    expected = [("1", "2026-01-01", "2026-12-31"), ("2", "2027-01-01", "2027-12-31"), ("3", "2028-01-01", "")]
    assert listed() == expected
    assert counts(checked(world, "PRICES", text)) == (0, 0, 3, 0)
    assert counts(checked(world, "PRICES", f"{PRICES}DC-7,EUR,1.00,2026-01-01,\n")) == (0, 0, 1, 0)
    assert listed() == expected


def test_a_price_that_is_there_is_changed_where_nothing_was_quoted_with_it(world: World) -> None:
    price(world.components["acme"], "8400.00", "EUR", valid_from=date(2027, 1, 1))
    run = written(world, "PRICES", f"{PRICES}DC-7,EUR,8500.00,2027-01-01,2027-12-31\n")
    assert (counts(run), listed()) == ((0, 1, 0, 0), [("8500", "2027-01-01", "2027-12-31")])


def test_a_price_that_quotes_were_made_with_stays(world: World) -> None:
    component = world.components["acme"]
    price(component, "10000.00", "USD")
    quoted(world, [component], date(2026, 6, 1), date(2027, 5, 31), on=NOW.date(), now=NOW)
    run = checked(world, "PRICES", f"{PRICES}DC-7,USD,9000.00,2020-01-01,\n")
    words = "Quotes were made with the price 10000. Give the new price a later first day."
    assert problems(run) == [(2, "list_price", words)]
    assert counts(written(world, "PRICES", f"{PRICES}DC-7,USD,9000.00,2027-01-01,\n")) == (1, 0, 0, 0)
    assert listed("USD") == [("10000", "2020-01-01", "2026-12-31"), ("9000", "2027-01-01", "")]


@pytest.mark.parametrize(
    ("rows", "line", "column", "words"),
    [
        (["2027-01-01,2027-05-31", "2027-07-01,"], 3, "valid_from", "There is no price from 2027-06-01 to 2027-06-30."),
        (["2027-01-01,2027-06-30", "2027-06-30,"], 3, "valid_from", "It overlaps the price before it, which ends on 2027-06-30."),
        (["2027-01-01,", "2027-01-01,"], 3, "valid_from", "The same product, currency and first day stand in line 2."),
        (["2026-09-01,2026-09-30"], 2, "valid_from", "There is no price from 2026-07-01 to 2026-08-31."),
        (["2026-06-30,"], 2, "valid_from", "It overlaps the price before it, which ends on 2026-06-30."),
        (["2025-01-01,2025-11-30"], 2, "valid_to", "There is no price from 2025-12-01 to 2025-12-31."),
        (["2025-01-01,2026-01-01"], 2, "valid_to", "It overlaps the price that begins on 2026-01-01."),
    ],
)  # fmt: skip
def test_prices_with_a_gap_or_an_overlap_are_refused(
    world: World, rows: list[str], line: int, column: str, words: str
) -> None:
    """In the file itself, and against the price that is there from January to June 2026."""
    price(world.components["acme"], "100.00", "EUR", valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30))
    currency = "JPY" if rows[0].startswith("2027") else "EUR"
    run = checked(world, "PRICES", PRICES + "".join(f"DC-7,{currency},5,{row}\n" for row in rows))
    assert (line, column, words) in problems(run)
    assert (run.new, run.bad) == (0, len(rows)), "prices of a product and currency are written together or not at all"
    if len(rows) > 1:
        assert (2, "", "Another row of this product and currency is not good: line 3.") in problems(run)


def test_a_bad_cell_holds_back_its_product_and_currency_and_no_other(world: World) -> None:
    rows = ("DC-7,EUR,1.00,2026", "DC-7,EUR,-2.00,2027", "DC-7,USD,1.00,2026", "NONE,USD,1.00,2026")
    text = PRICES + "".join(f"{row}-01-01,\n" for row in rows)
    run = written(world, "PRICES", text, mode="GOOD")
    assert (counts(run), run.state) == ((1, 0, 0, 3), "DONE")
    assert problems(run) == [
        (2, "", "Another row of this product and currency is not good: line 3."),
        (3, "list_price", "A price is not negative."),
        (5, "product", "There is no product with this SKU."),
    ]
    assert (listed("EUR"), listed("USD")) == ([], [("1", "2026-01-01", "")])
