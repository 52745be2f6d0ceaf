"""Where a webhook may go: public addresses only. Judged when it is entered, and again of each address it really connects to."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

LONGEST_URL = 500
LOWEST_FREE_PORT = 1024
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses that carry an IPv4 address inside, which a gateway would go on to: NAT64 and the old "compatible" form.
CARRIES_IPV4 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
# What Python's own table leaves open, or fills in only in later versions.
NOT_FOR_PEOPLE = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")
)
UNICAST_IPV6 = ipaddress.ip_network("2000::/3")  # all that is given out
# Names that never lead out of a house, whatever a resolver says of them.
INSIDE = (".local", ".localhost", ".internal", ".lan", ".home", ".corp", ".intranet", ".home.arpa", ".test", ".onion")

NOT_PUBLIC = "The host has no public address, and nothing else is called"


class NotAllowedThere(Exception):
    """Where this leads nothing is sent. The words say why."""


def check_url(url: str) -> SplitResult:
    """Raises NotAllowedThere with words for whoever typed it. What a name leads to is judged when it is called."""
    parts = _split(url)
    is_local = may_stay_here() and is_this_machine(parts.hostname or "")
    if parts.scheme != "https" and not (is_local and parts.scheme == "http"):
        raise NotAllowedThere("Use an address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise NotAllowedThere("Leave user name and password out of the address. The signature proves who calls.")
    if parts.fragment or "#" in url:
        raise NotAllowedThere("Leave out the part after #. It is never sent.")
    _check_host(parts.hostname or "", is_local)
    port = port_of(parts)
    if port != 443 and port < LOWEST_FREE_PORT and not is_local:
        raise NotAllowedThere("Use port 443, or one above 1023.")
    return parts


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL:
        raise NotAllowedThere(f"Use an address of at most {LONGEST_URL} characters.")
    if not url.isascii() or any(
        letter.isspace() or not letter.isprintable() or letter in '\\"<>^`{|}' for letter in url
    ):
        raise NotAllowedThere("Use only letters, digits and signs that may stand in an address. Write others as %20.")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises when it is none
    except ValueError:
        raise NotAllowedThere("This is not an address. Write it like https://example.com/hooks") from None
    if not parts.hostname:
        raise NotAllowedThere("This is not an address. Write it like https://example.com/hooks")
    return parts


def _check_host(host: str, is_local: bool) -> None:
    literal = literal_of(host)
    if literal is not None:
        if not is_local and not is_public(literal):
            raise NotAllowedThere("Use a public address. This one leads into a private network.")
        return
    name = host.rstrip(".").lower()
    if is_local:
        return
    if "." not in name or name.endswith(INSIDE) or name.rpartition(".")[2].isdecimal():
        raise NotAllowedThere("Use the full name of a host on the internet, such as hooks.example.com")


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def literal_of(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Globally routable, and no wrapper around something that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        if inside := _carried(address):
            return is_public(inside)
        if address not in UNICAST_IPV6:
            return False
    if any(address in network for network in NOT_FOR_PEOPLE):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in CARRIES_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def addresses_of(host: str, port: int) -> list[str]:
    """Where to connect to, in order. A host with one address inside a private network is refused with all the others:
    nobody has such a name by accident. Raises NotAllowedThere, or OSError where the name leads nowhere."""
    found = list(dict.fromkeys(str(info[4][0]) for info in resolve(host, port)))
    for one in found:
        address = ipaddress.ip_address(one.partition("%")[0])
        if not is_public(address) and not (may_stay_here() and address.is_loopback):
            raise NotAllowedThere(NOT_PUBLIC)
    if not found:
        raise NotAllowedThere(NOT_PUBLIC)
    return found


def resolve(host: str, port: int) -> list[tuple]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def may_stay_here() -> bool:
    """Where the product is tried out, also an address of this very machine, without TLS."""
    return bool(settings.WEBHOOKS_TO_THIS_MACHINE)


def is_this_machine(host: str) -> bool:
    literal = literal_of(host)
    return literal.is_loopback if literal is not None else host.rstrip(".").lower() == "localhost"
