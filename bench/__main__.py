"""Every measurement, one after the other: `make bench`, or `make bench ARGS=tickets` for one of them.

What follows from the first option on is the measurement's own: `make bench ARGS="faults --seconds 60"`.
"""

import subprocess
import sys
from itertools import takewhile

PARTS = {
    "tickets": ["-m", "bench.tickets"],
    "scale": ["-m", "bench.scale"],
    "race": ["-m", "bench.race"],
    "faults": ["-m", "bench.faults"],
    "coverage": ["-m", "bench.coverage"],
    "imports": ["-m", "bench.imports"],
    "outbox": ["-m", "bench.outbox"],
    "reports": ["-m", "bench.reports"],
    "mail": ["-m", "bench.mail"],
    "rma": ["-m", "bench.rma"],
}


def main() -> int:
    given = sys.argv[1:]
    named = list(takewhile(lambda word: not word.startswith("-"), given))
    wanted, options = named or list(PARTS), given[len(named) :]
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"There is no measurement '{unknown[0]}'. Known are: {', '.join(PARTS)}.")
        return 2
    worst = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, *PARTS[name], *options], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
