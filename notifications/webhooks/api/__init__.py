"""Webhooks set up by programs, the same as the pages do."""
