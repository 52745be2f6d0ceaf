"""Secrets that must be read again are encrypted: a copy of the database alone opens nothing."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def vault(purpose: str) -> MultiFernet:
    """Writes with SECRET_KEY, still reads what SECRET_KEY_FALLBACKS wrote. What one purpose sealed no other can open."""
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"{purpose} {key}".encode()).digest())) for key in keys])


def seal(purpose: str, text: str) -> str:
    return vault(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """Raises cryptography.fernet.InvalidToken when no key of ours sealed it."""
    return vault(purpose).decrypt(sealed.encode()).decode()
