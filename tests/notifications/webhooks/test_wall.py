"""Where a webhook may lead: the table of addresses, at the form and at the moment of the call."""

import socket
from typing import Any

import pytest

from notifications.webhooks import wall
from notifications.webhooks.calling import Call
from notifications.webhooks.wall import NotAllowedThere, addresses_of, check_url, is_public, literal_of
from tests.notifications.webhooks.receiver import Receiver

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450:4001:82a::200e"]
INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.5.4", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1"),
    # wrapped: IPv4-mapped, -compatible, NAT64, 6to4, Teredo
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1"),
    *("64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:a00:1::1", "2002:7f00:1::"),
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
]


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> None:
    settings.WEBHOOKS_TO_THIS_MACHINE = False


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(wall, "resolve", lambda host, port: found)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(literal_of(address))


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_public(literal_of(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotAllowedThere, match="private network"):
        check_url(f"https://{host}/hooks")
    leads_to(monkeypatch, address)
    with pytest.raises(NotAllowedThere, match="no public address"):
        addresses_of("hooks.example.com", 443)


def test_one_address_inside_is_enough_to_refuse_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(NotAllowedThere):
        addresses_of("hooks.example.com", 443)


@pytest.mark.parametrize(
    "url, words",
    [
        ("http://example.com/", "https://"),
        ("ftp://example.com/", "https://"),
        ("https://", "not an address"),
        ("example.com/hooks", "https://|not an address"),
        ("https://user:pass@example.com/", "password"),
        ("https://@example.com/", "password"),
        ("https://example.com/#part", "after #"),
        ("https://example.com:22/", "port"),
        ("https://example.com:99999/", "not an address"),
        ("https://localhost/", "full name"),
        ("https://intranet/", "full name"),
        ("https://printer.local/", "full name"),
        ("https://db.internal/", "full name"),
        ("https://db.internal./", "full name"),
        ("https://2130706433/", "full name"),
        ("https://127.1/", "full name"),
        ("https://0177.0.0.1/", "full name"),
        ("https://exämple.com/", "letters, digits"),
        ("https://example.com/a b", "letters, digits"),
        ("https://example.com/\r\nHost: x", "letters, digits"),
        ("https://example.com\\@10.0.0.1/", "letters, digits"),
        (f"https://example.com/{'a' * 500}", "500 characters"),
    ],
)
def test_what_is_no_public_https_address_is_refused_with_words(url: str, words: str) -> None:
    with pytest.raises(NotAllowedThere, match=words):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://hooks.example.com:8443/a?b=c",
        "https://93.184.216.34/",
        "https://[2a00:1450::1]/x",
    ],
)
def test_what_is_one_is_allowed(url: str) -> None:
    assert check_url(url).scheme == "https"


def test_the_call_goes_to_the_very_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently the second time (DNS rebinding) is asked once."""
    asked: list[str] = []
    connected: list[Any] = []

    def resolve(host: str, port: int) -> list[Any]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(where: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(wall, "resolve", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    call = Call("https://hooks.example.com/", {}, b"{}")
    call._run()
    assert asked == ["hooks.example.com"]
    assert connected == [("93.184.216.34", 443)]
    assert call.result.error == "The host does not take connections on this port"


def test_nothing_is_sent_inside_whatever_stands_in_the_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint from a time when more was allowed, or a name that leads inside since."""
    receiver = Receiver()
    try:
        leads_to(monkeypatch, "127.0.0.1")
        for url in (receiver.url, f"https://hooks.example.com:{receiver.port}/"):
            call = Call(url, {}, b"{}")
            call._run()
            assert call.result.status is None
        assert receiver.got == []
        assert call.result.error == wall.NOT_PUBLIC
        settings.WEBHOOKS_TO_THIS_MACHINE = True
        call = Call(receiver.url, {}, b"{}")
        call._run()
        assert call.result.status == 204
    finally:
        receiver.stop()


def test_where_it_is_tried_out_only_this_machine_is_allowed_besides(settings: Any) -> None:
    settings.WEBHOOKS_TO_THIS_MACHINE = True
    check_url("http://127.0.0.1:9000/x")
    check_url("http://localhost:9000/x")
    for url in ("http://10.0.0.1/", "https://192.168.1.1/", "http://example.com/"):
        with pytest.raises(NotAllowedThere):
            check_url(url)
