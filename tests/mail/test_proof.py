"""Who a mail is really from: results of our own server, signatures, and what nobody may forge."""

from base64 import b64encode
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.mail.post import letter, mails_about, receive, reply_to
from tests.world import World, ticket
from tickets.mail import proof
from tickets.mail.proof import is_aligned

OURS = "mx.rozoom.example"


@pytest.fixture(scope="module")
def key() -> tuple[bytes, str]:
    """(private key, what its owner puts into the DNS)."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"


@pytest.fixture
def dns(monkeypatch: Any, key: Any) -> dict[str, str]:
    records = {"s1._domainkey.test.example": key[1]}
    monkeypatch.setattr(proof, "look_up", lambda name: records.get(name, ""))
    return records


def sign(raw: bytes, key: tuple[bytes, str], domain: bytes = b"test.example") -> bytes:
    return dkim.sign(raw, b"s1", domain, key[0], include_headers=[b"from", b"to", b"subject"]) + raw


def held_or_filed(raw: Any) -> str:
    mail = receive(raw)
    return mail.code or mail.outcome


@pytest.fixture
def strict(settings: Any) -> Any:
    settings.MAIL_PROOF = "needed"
    settings.MAIL_TRUSTED_AUTHSERV = [OURS]
    return settings


FROM_ILSE = [
    ("dmarc=pass header.from=test.example", "ticket_created"),
    ("dkim=pass header.d=test.example", "ticket_created"),
    ("dkim=pass header.i=@test.example header.s=s1", "ticket_created"),
    ("spf=pass smtp.mailfrom=ilse@test.example", "ticket_created"),
    ("spf=pass (sender is 1.2.3.4; dmarc=fail) smtp.mailfrom=test.example", "ticket_created"),
    ("dkim=fail header.d=test.example; dkim=pass header.d=test.example", "ticket_created"),
    ("dkim=pass header.d=evil.example", "no_proof"),
    ("spf=pass smtp.mailfrom=bounce@evil.example", "no_proof"),
    ("dkim=pass header.d=example", "no_proof"),
    ("dkim=pass header.d=sub.test.example", "no_proof"),
    ("dkim=none; spf=none", "no_proof"),
    ("dmarc=fail header.from=test.example; spf=pass smtp.mailfrom=test.example", "failed_proof"),
    ("spf=fail smtp.mailfrom=test.example", "failed_proof"),
    ("none", "no_proof"),
    ("", "no_proof"),
]


@pytest.mark.parametrize("result, becomes", FROM_ILSE)
def test_what_our_server_found_out(world: World, strict: Any, result: str, becomes: str) -> None:
    assert held_or_filed(letter(Authentication_Results=f"{OURS}; {result}")) == becomes


@pytest.mark.parametrize("server", ["mx.evil.example", "MX.rozoom.example.evil.example", "evil mx.rozoom.example", ""])
def test_nobody_elses_result_helps(world: World, strict: Any, server: str) -> None:
    assert held_or_filed(letter(Authentication_Results=f"{server}; dmarc=pass header.from=test.example")) == "no_proof"


def test_of_two_results_in_our_name_the_topmost_counts(world: World, strict: Any) -> None:
    """Our server puts its own on top; what was below came with the mail."""
    forged = f"Authentication-Results: {OURS}; dmarc=pass header.from=test.example\r\n".encode()
    true = f"Authentication-Results: {OURS}; dmarc=fail header.from=test.example\r\n".encode()
    assert held_or_filed(true + forged + letter().as_bytes()) == "failed_proof"


def test_without_a_server_of_ours_no_result_is_believed(world: World, strict: Any) -> None:
    strict.MAIL_TRUSTED_AUTHSERV = []
    assert held_or_filed(letter(Authentication_Results=f"{OURS}; dmarc=pass header.from=test.example")) == "no_proof"


def test_where_any_sender_is_believed_a_failure_still_counts(world: World) -> None:
    assert held_or_filed(letter()) == "ticket_created"
    assert (
        held_or_filed(letter(Authentication_Results="mx.x.example; dmarc=fail header.from=test.example"))
        == "failed_proof"
    )


def test_a_true_signature_proves(world: World, strict: Any, dns: Any, key: Any) -> None:
    raw = letter().as_bytes()
    assert held_or_filed(sign(raw, key)) == "ticket_created"
    changed = sign(letter(subject="Two").as_bytes(), key).replace(b"Subject: Two", b"Subject: Three")
    assert held_or_filed(changed) == "no_proof"
    assert held_or_filed(sign(letter(subject="Four").as_bytes(), key, b"evil.example")) == "no_proof"
    dns.clear()
    assert held_or_filed(sign(letter(subject="Five").as_bytes(), key)) == "no_proof"


def test_staff_are_believed_with_our_address_and_their_signature_alone(world: World, dns: Any, key: Any) -> None:
    filed = ticket(world, severity=1)
    address = reply_to(mails_about(filed, "ticket.filed"), "marek@test.example")

    def from_marek(text: str, **more: str) -> bytes:
        return letter("Marek <marek@test.example>", text=text, **{"to": address, **more}).as_bytes()

    claims = from_marek("One", Authentication_Results=f"{OURS}; dkim=pass header.d=test.example")
    assert held_or_filed(claims) == "staff_not_signed"
    assert held_or_filed(sign(from_marek("Two", to="support@rozoom.example"), key)) == "staff"
    assert held_or_filed(sign(from_marek("Three"), key)) == "message_added"


@pytest.mark.parametrize(
    "signer, domain, is_so",
    [
        ("a.example", "a.example", True),
        ("a.example", "mail.a.example", True),
        ("mail.a.example", "a.example", False),
        ("example", "a.example", False),
        ("a.example", "ba.example", False),
        ("", "a.example", False),
    ],
)
def test_alignment(signer: str, domain: str, is_so: bool) -> None:
    assert is_aligned(signer, domain) is is_so


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"From: ", b"From: Bob <bob@test.example>\r\nFrom: "),
        lambda raw: raw.replace(b"<ilse@test.example>", b"<ilse@test.example>, <bob@test.example>"),
        lambda raw: raw.replace(b"Ilse Test <ilse@test.example>", b'"ilse@test.example" <evil@elsewhere.example>'),
        lambda raw: raw.replace(b"<ilse@test.example>", b"<ilse@test.example.evil.example>"),
        lambda raw: raw.replace(b"From: Ilse Test <ilse@test.example>", b"Sender: ilse@test.example"),
        lambda raw: raw.replace(b"<ilse@test.example>", b"<\x00ilse@test.example>"),
    ],
)
def test_a_sender_that_is_not_one_plain_address_we_know_is_held(world: World, change: Any) -> None:
    assert receive(change(letter().as_bytes())).outcome == "held"


def test_a_name_that_can_not_be_looked_up_is_none(monkeypatch: Any) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise proof.dns.resolver.NoNameservers

    monkeypatch.setattr(proof.dns.resolver, "resolve", away)
    assert proof.look_up("s1._domainkey.test.example") == ""
