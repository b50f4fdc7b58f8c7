"""Installs the extension into a Blender of its own, starts it, and calls what Blender's window would call by timers."""

import os
import sys
import time

# The operators are those of the extension, and the stubs take the members of a context for methods.
# pyright: reportAttributeAccessIssue=false
import bpy

archive, port, token = sys.argv[1], int(sys.argv[2]), sys.argv[3]
bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
name = "bl_ext.user_default.cadgate"
preferences = bpy.context.preferences.addons[name].preferences
assert len(preferences.token) >= 32, "the extension makes a secret of its own"
preferences.port, preferences.token = port, token
assert bpy.ops.cadgate.start() == {"FINISHED"}
pump = sys.modules[name].pump
assert bpy.app.timers.is_registered(pump)
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(pump())
os._exit(0)
