"""Runs inside an application as an add-on would: serves it from a main loop that is not the server's own."""

import json
import os
import sys
import time

spec = json.loads(os.environ["CADGATE_EXTERNAL"])
sys.path[:0] = spec["path"]

import importlib  # noqa: E402

from cadgate.appserver import gui  # noqa: E402

if spec["module"].startswith("cadgate_blender"):
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
kind = getattr(importlib.import_module(spec["module"]), spec["host"])
server = gui.serve(
    kind, secret=spec["secret"], port=spec["port"], workspace=spec["workspace"], settings=spec["settings"]
)
while os.getppid() == spec["parent"]:
    if not server.pump():
        time.sleep(0.002)
os._exit(0)
