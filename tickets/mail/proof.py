"""Who a mail is really from: what our own mail server found out, and DKIM signatures we check ourselves."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.exception
import dns.resolver
from django.conf import settings

from tickets.mail.reader import Unreadable, reader

log = logging.getLogger(__name__)
DNS_SECONDS = 3.0
MOST_KEYS = 3
COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Proof:
    """`failed`: somebody we trust says that it is not from there. `signed`: DKIM of the sender's own domain is true."""

    proved: bool = False
    signed: bool = False
    failed: str = ""
    by: list[str] = field(default_factory=list)


def judge(found: Mapping[str, Any], raw: Path, folder: Path) -> Proof:
    senders = found["from"]
    if len(senders) != 1:
        return Proof()
    domain = senders[0][1].rpartition("@")[2]
    trusted = trusted_result(found["results"])
    told = told_by_us(trusted, domain) if trusted is not None else suspected(found["results"])
    if told.signed or told.failed:
        return told
    if has_signature_of(found["signatures"], domain) and is_aligned_signature_true(found, domain, raw, folder):
        return Proof(proved=True, signed=True, by=[*told.by, "dkim"])
    return told


def trusted_result(results: Sequence[str]) -> dict[str, tuple[str, str]] | None:
    """The topmost result by a server of ours: {"dkim": ("pass", "example.com")}. Headers of anybody else count as nothing."""
    for value in results:
        server, _, rest = COMMENT.sub("", value).partition(";")
        if server.strip().split(" ")[0].lower() in settings.MAIL_TRUSTED_AUTHSERV:
            return parsed(rest)
    return None


def parsed(rest: str) -> dict[str, tuple[str, str]]:
    """One result for each method; of several signatures the first that passed."""
    found: dict[str, tuple[str, str]] = {}
    for clause in rest.split(";"):
        match = re.match(r"\s*(dkim|spf|dmarc)(?:/\d+)?\s*=\s*([a-z]+)", clause.lower())
        if match is None:
            continue
        domain = re.search(
            r"(?:header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*\"?(?:[^\s;\"]*@)?([^\s;\"@]+)", clause.lower()
        )
        method, result = match[1], match[2]
        if method not in found or (result == "pass" and found[method][0] != "pass"):
            found[method] = (result, domain[1].strip(".") if domain else "")
    return found


def told_by_us(results: Mapping[str, tuple[str, str]], domain: str) -> Proof:
    passed = [
        method
        for method, (result, said) in results.items()
        if result == "pass" and (is_aligned(said, domain) or (method == "dmarc" and not said))
    ]
    if results.get("dmarc", ("", ""))[0] == "fail":
        return Proof(failed="DMARC of the sender's domain failed", by=passed)
    if not passed and results.get("spf", ("", ""))[0] == "fail":
        return Proof(failed="SPF of the sender's domain failed", by=passed)
    return Proof(proved=bool(passed), signed="dkim" in passed, by=passed)


def suspected(results: Sequence[str]) -> Proof:
    """Nobody's word makes a mail better, but a word against it is heeded where nothing else is asked for."""
    for value in results:
        if parsed(COMMENT.sub("", value).partition(";")[2]).get("dmarc", ("", ""))[0] == "fail":
            return Proof(failed="DMARC of the sender's domain failed on its way")
    return Proof()


def is_aligned(signer: str, domain: str) -> bool:
    """The same domain, or one above it that is not a whole country's: mail.example.com may be signed by example.com."""
    return bool(signer) and (signer == domain or (signer.count(".") >= 1 and domain.endswith(f".{signer}")))


def has_signature_of(signatures: Sequence[Mapping[str, str]], domain: str) -> bool:
    return any(is_aligned(one["domain"], domain) for one in signatures)


def is_aligned_signature_true(found: Mapping[str, Any], domain: str, raw: Path, folder: Path) -> bool:
    wanted = [one for one in found["signatures"] if is_aligned(one["domain"], domain)][:MOST_KEYS]
    names = {f"{one['selector']}._domainkey.{one['domain']}" for one in wanted if one["selector"]}
    keys = {name: text for name in names if (text := look_up(name))}
    if not keys:
        return False
    try:
        valid = reader.valid_signatures(raw, folder, keys=keys, wanted=len(found["signatures"]))
    except Unreadable:
        return False
    return any(is_aligned(one, domain) for one in valid)


def look_up(name: str) -> str:
    """The TXT record, or "" when there is none or nobody answers in time."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=DNS_SECONDS)
    except (dns.exception.DNSException, ValueError, OSError):
        return ""
    return "".join(b"".join(record.strings).decode("ascii", "replace") for record in list(answer)[:1])
