"""Telling the programs of an organisation what happens, at an address of its own (docs/webhooks.md)."""
