"""Organisations, people and keys in the operators' admin. Autodiscovery reads this; each subject has its file."""

from tenancy.admin import keys, organisations, people

__all__ = ["keys", "organisations", "people"]
