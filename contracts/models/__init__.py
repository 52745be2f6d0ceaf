"""What roZoom sold, where it stands, what protects it and what it costs."""

from contracts.models.agreements import AgreementLine, AgreementTerm, PaymentAttestation, SupportAgreement
from contracts.models.billing import Invoice, InvoiceLine, InvoiceNumber, Payment, PriceListEntry
from contracts.models.install_base import (
    Component,
    ComponentMove,
    ComponentQuerySet,
    Product,
    Site,
    WarrantyCoverage,
    normal_serial,
)

__all__ = [
    "AgreementLine",
    "AgreementTerm",
    "Component",
    "ComponentMove",
    "ComponentQuerySet",
    "Invoice",
    "InvoiceLine",
    "InvoiceNumber",
    "Payment",
    "PaymentAttestation",
    "PriceListEntry",
    "Product",
    "Site",
    "SupportAgreement",
    "WarrantyCoverage",
    "normal_serial",
]
