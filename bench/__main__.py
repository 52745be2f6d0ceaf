"""Every measurement, one after the other: `make bench`, or `make bench ARGS=tickets` for one of them."""

import subprocess
import sys

PARTS = {
    "tickets": ["-m", "bench.tickets"],
    "sweeper": ["-m", "bench.sweeper"],
    "coverage": ["-m", "bench.coverage"],
    "imports": ["-m", "bench.imports"],
    "reports": ["-m", "bench.reports"],
}


def main() -> int:
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"There is no measurement '{unknown[0]}'. Known are: {', '.join(PARTS)}.")
        return 2
    worst = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, *PARTS[name]], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
