"""The product under kill -9: workers, beats, Redis and PostgreSQL, with real processes and thousands of short promises,
and with a mail server that is away, slow, greylists, says 421, hangs up and knows two addresses no more.

    make bench ARGS="faults --seconds 300 --seed 4"

Afterwards every level of every clock that was due has fired exactly once, every clock and every answer is right, and every
mail has arrived once and in order, but for the recognisable double, or its staff was told. Exit code 1 when not. The seed
decides which fault strikes whom when.
"""

import argparse
import secrets
import sys

import django

from bench.cluster import Cluster, adopt, own_cluster
from rozoom_support.local.redis import Redis


def main() -> int:
    parser = argparse.ArgumentParser(prog='make bench ARGS="faults …"')
    parser.add_argument("--seconds", type=float, default=300, help="how long things break")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000))
    parser.add_argument("--rate", type=float, default=10, help="promises that begin each second")
    parser.add_argument(
        "--late", type=float, default=5, help="seconds a level may be late while only mail is in trouble"
    )
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.seconds:.0f} seconds of faults", flush=True)
    with own_cluster("faults") as cluster:
        return live(cluster, options.seed, options.seconds, options.rate, options.late)


def live(cluster: Cluster, seed: int, seconds: float, rate: float, late: float) -> int:
    from bench.faults.post import MailServer, PostBox

    redis, box = Redis(cluster.state, keep=False), PostBox(seed=seed)
    server = MailServer(box)
    server.start()
    try:
        extra = {"BASE_URL": "http://127.0.0.1:8000", "EMAIL_URL": f"smtp://127.0.0.1:{server.port}"}
        cluster.prepare(redis.url, extra)
        cluster.start(redis.program())
        adopt(cluster.environment)
        django.setup()
        from bench.faults.run import Run

        return Run(cluster, redis, server, seed, seconds, rate, late).report()
    finally:
        server.stop(no_assert=True)


if __name__ == "__main__":
    sys.exit(main())
