"""Where no Redis server can be had: one in Python, in memory, on loopback, at the port in the first argument."""

import os
import signal
import sys

from fakeredis import TcpFakeServer


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # it keeps nothing, so there is nothing to finish
    TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis").serve_forever()


if __name__ == "__main__":
    main()
