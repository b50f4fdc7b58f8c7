"""`python -m tests.jobs [--seed N] [--frames N] …`: the whole run, with what was killed and how long it took."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.jobs.run import Plan, check, run


def main() -> int:
    """Run it; return 1 if the kills made a difference."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.jobs", description=__doc__)
    for name in ("frames", "size", "gateways", "workers", "sessions", "failing", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(plan, name))
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="cadgate-jobs-") as folder:
        alone = run(Path(folder) / "alone", plan, undisturbed=True)
        print(f"undisturbed: {plan.frames} frames in {alone.seconds:.0f} s")
        disturbed = run(Path(folder) / "disturbed", plan)
        print(
            f"disturbed: {disturbed.seconds:.0f} s, {disturbed.job['attempts']} attempts; {', '.join(disturbed.killed)}"
        )
    wrong = check(plan, disturbed, alone)
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"{len(wrong)} differences with the seed {plan.seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
