"""`python -m tests.truth`: the wide net, with its figures as the table of docs/CORRECTNESS.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.gateway import Gateway
from tests.truth.adapters import CASES
from tests.truth.run import Net, report, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=1000, help="of each application (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case, to repeat one")
    parser.add_argument("--adapter", choices=(*CASES, "both"), default="both")
    told = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="cadgate-truth-") as folder:
        gateway = Gateway(Path(folder) / "state").start()
        try:
            with gateway.client("/api/v1") as api:
                for adapter in CASES if told.adapter == "both" else (told.adapter,):
                    net = Net(adapter, CASES[adapter], api)
                    results.append(net.run(told.seed, told.cases, first=told.first, out=print))
                    report(results[-1])
        finally:
            gateway.stop()
    print(table(results))
    return 1 if any(each.disagreements for each in results) else 0


if __name__ == "__main__":
    sys.exit(main())
