"""Quotes, invoices and credit notes as PDF: what they say, that they stay as they are, and that any name can be written."""

import re
import zlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from contracts import services
from contracts.models import AgreementTerm, Component, Invoice
from contracts.selling import documents, queries
from contracts.selling.documents.paper import Paper, writable
from tenancy.context import work_unit
from tenancy.models import Organisation
from tests.contracts.deals import STAFF, implemented, pay, price, warranty
from tests.world import ComponentFactory, World

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
TO_UNICODE = re.compile(r"<([0-9A-F]{4})> <([0-9A-F]{4})>")


def texts(pdf: bytes) -> str:
    """All that is written, page by page. Each font says in a table of its own which letter a glyph is."""
    streams = [_inflated(found[1]) for found in STREAM.finditer(pdf)]
    tables = [dict(TO_UNICODE.findall(one.decode("latin-1"))) for one in streams if b"beginbfchar" in one]
    said = []
    for one in streams:
        if b" Tf" not in one:
            continue
        font = 0
        for piece in re.finditer(rb"/F(\d+) [\d.]+ Tf|\((.*?)(?<!\\)\) Tj", one, re.DOTALL):
            if piece[1]:
                font = int(piece[1]) - 1
            else:
                said.append(_letters(piece[2], tables[font]))
    return "\n".join(said)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _letters(raw: bytes, table: dict[str, str]) -> str:
    plain = re.sub(rb"\\([()\\rnt])", lambda m: {b"r": b"\r", b"n": b"\n", b"t": b"\t"}.get(m[1], m[1]), raw)
    glyphs = [f"{plain[at]:02X}{plain[at + 1]:02X}" for at in range(0, len(plain) - 1, 2)]
    return "".join(chr(int(table.get(glyph, "FFFD"), 16)) for glyph in glyphs)


@pytest.fixture
def term(world: World) -> AgreementTerm:
    """Two of Acme's, one whose warranty ends inside the term; quoted by finance for roZoom on 15 June."""
    one = implemented(world.components["acme"], date(2026, 1, 15))
    with work_unit(STAFF):
        two = ComponentFactory(customer=world.acme, site=one.site, serial="7F-9999", implemented_on=date(2026, 1, 15))
        Organisation.objects.filter(pk=world.acme.pk).update(name="Łódź Windy, Ελλάς & Київ")
    price(one, "1249.97")
    warranty(one, date(2026, 1, 15), date(2027, 6, 20))
    warranty(two, date(2026, 1, 15), date(2029, 1, 14))
    return quoted(world, [one, two])


def quoted(world: World, components: list[Component]) -> AgreementTerm:
    with work_unit(STAFF):
        customer = Organisation.objects.get(pk=world.acme.pk)
        offer = services.Offer(customer, components, (date(2026, 7, 1), date(2027, 6, 30)), "USD")
        made = services.make_quote(
            actor=world.actor("fin"),
            offer=offer,
            sold_by=Organisation.objects.get(pk=world.rozoom.pk),
            on=NOW.date(),
            now=NOW,
        )
        return queries.term_for(world.actor("fin"), made.pk)


def order(world: World, term: AgreementTerm) -> Invoice:
    with work_unit(STAFF):
        _, invoice = services.order(
            actor=world.actor("fin"), term=term, purchase_order="PO 4711", on=NOW.date(), now=NOW
        )
        return queries.invoice_for(world.actor("fin"), invoice.pk)


def quote_paper(term: AgreementTerm) -> bytes:
    with work_unit(STAFF):
        return documents.quote_pdf(term, "roZoom", services.warranty_warnings(term))


def test_a_quote_says_what_was_frozen_and_what_it_warns_of(term: AgreementTerm) -> None:
    said = texts(quote_paper(term))
    for words in (
        "Quote AG-ACME-1", "Łódź Windy, Ελλάς & Київ (ACME)", "15 Jul 2026", "1,249.97", "249.99", "499.98 USD",
        "2 components, in all", "warranty ends 20 Jun 2027: 10 days paid without advance replacement", "7F-9999",
        "Page 1 of  1",
    ):  # fmt: skip
        assert words in said.replace("\n", " "), words


def test_an_invoice_says_who_pays_what_until_when(world: World, term: AgreementTerm) -> None:
    invoice = order(world, term)
    with work_unit(STAFF):
        said = texts(documents.invoice_pdf(invoice)).replace("\n", " ")
    for words in ("Invoice 2026-00001", "PO 4711", "15 Jul 2026", "499.98 USD", "249.99", "1 Jul 2026 to 30 Jun 2027"):
        assert words in said, words


def test_an_issued_document_stays_the_same_to_the_byte(world: World, term: AgreementTerm) -> None:
    invoice = order(world, term)
    fin = world.actor("fin")
    with work_unit(STAFF):
        first = documents.invoice_pdf(invoice)
        pay(fin, invoice, Decimal("499.98"), NOW)
        services.credit_in_full(actor=fin, invoice=invoice, reason="Goodwill", now=NOW)
        assert documents.invoice_pdf(queries.invoice_for(fin, invoice.pk)) == first
        assert documents.size_of_invoice(invoice) == len(first)
        note = invoice.credits.get()
        credit = documents.credit_pdf(queries.credit_for(fin, note.pk))
        assert credit == documents.credit_pdf(queries.credit_for(fin, note.pk))
    said = texts(credit).replace("\n", " ")
    for words in (f"Credit note {note.number}", "Goodwill", "499.98 USD", "2026-00001 of 15 Jun 2026"):
        assert words in said, words


def test_500_lines_go_over_pages_each_with_its_head(world: World, term: AgreementTerm) -> None:
    with work_unit(STAFF):
        where = {"customer": world.acme, "site": world.components["acme"].site, "implemented_on": date(2026, 1, 1)}
        many = [ComponentFactory(serial=f"9F-{number:04}", **where) for number in range(500)]
    paper = quote_paper(quoted(world, many))
    said = texts(paper)
    pages = len(re.findall(rb"/Type /Page\b(?!s)", paper))
    assert pages > 10
    assert f"Page {pages} of \n{pages}" in said
    assert said.count("Component\n") >= 10
    assert all(one.serial in said for one in many)
    assert f"{249.99 * 500:,.2f} USD" in said


def test_a_letter_nobody_drew_is_a_question_mark_not_an_error() -> None:
    assert writable("東京 Ōsaka ₽ €") == "?? Ōsaka ₽ €"
    paper = Paper("Quote", "AG-東京", date(2026, 1, 1))
    paper.paragraph("東京\x00 and an emoji 🛗")
    assert "?? and an emoji ?" in texts(paper.finished()).replace("???", "??")


@pytest.mark.parametrize(
    "name, status",
    [("fin", 200), ("duty", 200), ("ana", 200), ("ilse", 404), ("marek", 404), ("dora", 404), ("bob", 404)],
)
def test_a_paper_is_for_who_may_read_it(world: World, term: AgreementTerm, name: str, status: int) -> None:
    invoice = order(world, term)
    client = world.client(name)
    for path, file in (
        (f"/agreements/invoices/{invoice.pk}/invoice.pdf", "invoice-2026-00001.pdf"),
        (f"/agreements/terms/{term.pk}/quote.pdf", "quote-ag-acme-1.pdf"),
    ):
        answer = client.get(path)
        assert answer.status_code == status, path
        if status == 200:
            assert answer["Content-Type"] == "application/pdf"
            assert answer["Content-Disposition"] == f'inline; filename="{file}"'
            assert answer.content.startswith(b"%PDF-")


def test_a_draft_has_no_paper(world: World, term: AgreementTerm) -> None:
    with work_unit(STAFF):
        services.take_back(actor=world.actor("fin"), term=term, now=NOW)
    assert world.client("fin").get(f"/agreements/terms/{term.pk}/quote.pdf").status_code == 404


def test_a_paper_costs_a_handful_of_queries(
    world: World, term: AgreementTerm, django_assert_max_num_queries: Any
) -> None:
    with work_unit(STAFF), django_assert_max_num_queries(4):
        documents.quote_pdf(term, "roZoom", services.warranty_warnings(term))
    assert not connection.needs_rollback
