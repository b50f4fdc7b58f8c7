"""Runs inside an application: calls a method's function directly, over and over, and writes the times to a file."""

import json
import os
import sys
import time

spec = json.loads(os.environ["CADGATE_BENCH"])
sys.path[:0] = spec["path"]

import importlib  # noqa: E402

from cadgate.appserver import context, registry  # noqa: E402

host = getattr(importlib.import_module(spec["module"]), spec["host"])()
host.settings = spec["settings"]
registry.load_methods(host.package)
host.start()
function = registry.METHODS[spec["method"]]
times = []
for _ in range(spec["count"]):
    context.enter_call(context.Call(None, 1, spec["method"], {}, {"mutates": True}))
    began = time.perf_counter()
    with host.transaction(spec["method"]):
        function(**spec["params"])
    times.append((time.perf_counter() - began) * 1000)
    context.leave_call()
with open(spec["output"], "w") as file:
    json.dump(times, file)
sys.stdout.flush()
os._exit(0)
