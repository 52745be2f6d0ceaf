"""Mail that comes in: kept first, read in a bounded process of its own, then filed, added, held or ignored (docs/mail.md)."""
