"""The return sheet: what is on it, and bars that a scanner reads."""

from datetime import datetime

import pytest

from contracts.models import Component
from rma.portal import code128
from tests.contracts.test_documents import texts
from tests.rma.deals import Stock, box, carrier_says, delivered, fresh
from tests.world import World


def read(text: str) -> str:
    """What a scanner makes of the bars: modules, then values, then letters; the check digit must hold."""
    modules = ["0"] * code128.total(text)
    for start, width in code128.bars(text):
        modules[start : start + width] = "1" * width
    row = "".join(modules).strip("0")
    widths = [len(run) for run in row.replace("01", "0 1").replace("10", "1 0").split()]
    symbols = ["".join(map(str, widths[at : at + 6])) for at in range(0, len(widths) - 7, 6)]
    known = {code: value for value, code in enumerate(code128.WIDTHS)}
    start, *data, check = (known[one] for one in symbols)
    assert "".join(map(str, widths[-7:])) == code128.WIDTHS[code128.STOP]
    assert start == code128.START_B
    assert check == (start + sum(place * value for place, value in enumerate(data, start=1))) % 103
    return "".join(chr(value + 32) for value in data)


@pytest.mark.parametrize("text", ["ACME-R7", "7F-2230", "1Z 999~AA", " "])
def test_bars_are_read_as_they_were_written(text: str) -> None:
    assert read(text) == text


def test_the_table_of_widths_is_that_of_the_standard() -> None:
    """Each sign is 11 modules with an even number of black ones, and no two are the same."""
    signs = code128.WIDTHS[:-1]
    assert len(signs) == 106 == len(set(signs))
    for one in signs:
        assert sum(map(int, one)) == 11
        assert sum(map(int, one[::2])) % 2 == 0
    assert code128.values("PJJ123C")[-2] == 55  # the known example of set A has 54, and its start is one less


def test_what_the_code_can_not_write_is_refused() -> None:
    with pytest.raises(ValueError, match="can not write"):
        code128.values("Grün")
    assert not code128.can_write("")


def test_the_sheet_says_what_goes_where_until_when(
    world: World, component: Component, stock: Stock, now: datetime
) -> None:
    stock.unit(now, "NEW-1")
    rma, client = delivered(world, component, now), world.client("ilse")
    url = f"/returns/{rma.reference}/return-sheet.pdf"
    answer = client.get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="return-acme-r1.pdf"'
    assert answer.content == client.get(url).content
    words = texts(answer.content)
    for said in (
        rma.reference,
        component.serial,
        "1 Dock Road, Chicago",
        rma.return_due.strftime("%b %Y"),
        "Into the box",
    ):
        assert said in words, said
    assert world.client("dirk").get(url).status_code == 200
    assert world.client("bob").get(url).status_code == 404
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    assert fresh(rma).state == "RETURN_IN_TRANSIT"
    assert client.get(url).status_code == 404
