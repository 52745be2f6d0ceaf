"""Ports on loopback, opened here and handed to the server, so that no other start can take them in between."""

import socket

from rozoom_support.local.state import LocalError

TRIES = 50


def listen(wanted: int, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket on this port or the next free one."""
    for port in range(wanted, wanted + TRIES):
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((host, port))
            server.listen(128)
        except (OSError, OverflowError):
            server.close()
        else:
            return server
    raise LocalError(f"no free port between {wanted} and {wanted + TRIES - 1}")


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def free_port(wanted: int) -> int:
    with listen(wanted) as server:
        return port_of(server)
