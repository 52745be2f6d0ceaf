"""What roZoom sold, where it stands, what protects it and what it costs."""

from contracts.models.agreements import AgreementLine, AgreementTerm, PaymentAttestation, SupportAgreement
from contracts.models.billing import CreditNote, Invoice, InvoiceLine, InvoiceNumber, Payment, PriceListEntry
from contracts.models.decisions import ContractNotice, EligibilityDecision, QuoteRequest
from contracts.models.imports import BankLine, ImportProblem, ImportRow, ImportRun
from contracts.models.install_base import (
    Component,
    ComponentMove,
    ComponentQuerySet,
    Product,
    Site,
    WarrantyCoverage,
    normal_serial,
)
from contracts.models.voiding import WarrantyVoid

__all__ = [
    "AgreementLine",
    "AgreementTerm",
    "BankLine",
    "Component",
    "ComponentMove",
    "ComponentQuerySet",
    "ContractNotice",
    "CreditNote",
    "EligibilityDecision",
    "ImportProblem",
    "ImportRow",
    "ImportRun",
    "Invoice",
    "InvoiceLine",
    "InvoiceNumber",
    "Payment",
    "PaymentAttestation",
    "PriceListEntry",
    "Product",
    "QuoteRequest",
    "Site",
    "SupportAgreement",
    "WarrantyCoverage",
    "WarrantyVoid",
    "normal_serial",
]
