"""`python -m tests.sessions`: one run, by its seed; exit code 1 if anything was lost, doubled or in the wrong place."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.gateway import Gateway
from tests.sessions.run import Plan, Run
from tests.test_api.keyed import new_key


def settings(applications: tuple[str, ...], max_awake: int) -> dict[str, str]:
    """The environment of the gateway of a run."""
    environment = {"CADGATE_AUTH": "token", "CADGATE_MAX_AWAKE": str(max_awake), "CADGATE_LOG_LEVEL": "warning"}
    for name in {"blender", "freecad"} - set(applications):
        environment[f"CADGATE_{name.upper()}_ENABLED"] = "false"
    return environment


def run(plan: Plan, folder: Path, max_awake: int) -> Run:
    """Do a run in a new state folder."""
    gateway = Gateway(folder, environment=settings(plan.applications, max_awake))
    folder.mkdir(parents=True, exist_ok=True)
    owners = new_key(gateway), new_key(gateway)
    gateway.start(ready=False)
    try:
        done = Run(plan, gateway, owners)
        asyncio.run(done.run())
    finally:
        if gateway.running:
            gateway.stop()
    return done


def main() -> int:
    """Run it and print what was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.sessions", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--awake", type=int, default=4)
    parser.add_argument("--applications", default="freecad,blender")
    parser.add_argument("--kill-application", type=int, default=40, help="one in so many calls; 0: never")
    parser.add_argument("--kill-gateway", type=int, default=250, help="one in so many calls; 0: never")
    given = parser.parse_args()
    applications = tuple(given.applications.split(","))
    plan = Plan(
        given.seed, given.calls, given.sessions, given.clients, applications, given.kill_application, given.kill_gateway
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cadgate-sessions-") as folder:
        done = run(plan, Path(folder) / "state", given.awake)
        if done.wrong:
            print(done.gateway.log.read_text()[-6000:])
    print(f"seed {plan.seed}: {dict(done.done)}, kills {dict(done.kills)}, {time.monotonic() - began:.0f} s")
    print(f"{len(done.models)} sessions, {sum(len(each.objects) for each in done.models.values())} objects")
    for each in done.wrong:
        print("WRONG", each)
    return 1 if done.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
