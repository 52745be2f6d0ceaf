"""DKIM signatures, checked with keys that somebody else looked up: this process has no network."""

from collections.abc import Mapping

import dkim


def valid_domains(raw: bytes, keys: Mapping[str, str], wanted: int) -> list[str]:
    """The domains whose signature on this mail is true. `keys`: name in the DNS -> its TXT record."""

    def record(name: bytes | str, timeout: int = 5) -> bytes:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        return keys.get(text.rstrip(".").lower(), "").encode()

    found = []
    verifier = dkim.DKIM(raw, minkey=1024)
    for at in range(min(wanted, 5)):
        try:
            if verifier.verify(idx=at, dnsfunc=record):
                found.append(verifier.domain.decode("ascii", "replace").lower())
        except (dkim.DKIMException, ValueError, IndexError, KeyError, TypeError, UnicodeError):
            continue
    return found
