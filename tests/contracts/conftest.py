"""The coverage pages in a real browser."""

from tests.portal.conftest import browser, visit

__all__ = ["browser", "visit"]
