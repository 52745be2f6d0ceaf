"""What people and jobs can do with the install base, agreements and invoices."""

from contracts.services.agreements import (
    CannotOrder,
    CannotQuote,
    UncoveredDays,
    draft_term,
    open_agreement,
    order,
    quote,
    warranty_warnings,
)
from contracts.services.billing import CannotBill, record_payment, reverse_payment
from contracts.services.install_base import CannotInstall, install_component

__all__ = [
    "CannotBill",
    "CannotInstall",
    "CannotOrder",
    "CannotQuote",
    "UncoveredDays",
    "draft_term",
    "install_component",
    "open_agreement",
    "order",
    "quote",
    "record_payment",
    "reverse_payment",
    "warranty_warnings",
]
