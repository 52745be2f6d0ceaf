"""What operators see and set of products, the install base, warranties, prices, agreements and invoices."""

from contracts.admin import agreements, install_base

__all__ = ["agreements", "install_base"]
