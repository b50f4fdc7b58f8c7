"""The Blender extension: serves the open file to a gateway in external mode, from Blender's own main loop.

Licensed GPL-3.0-or-later as part of Blender, see LICENSE of the project.
"""

import json
import os
import secrets
import sys
import time

import bpy

HERE = os.path.dirname(os.path.abspath(__file__))
LIVELY = 0.002
QUIET = 0.03
"""Seconds between two looks at the queue: shortly after a call, and when nothing has come for a while."""

_running = {"server": None, "last": 0.0}


def preferences():
    """Return this extension's preferences."""
    return bpy.context.preferences.addons[__package__].preferences


def start():
    """Start listening. Raises OSError if the port is in use, ValueError for a secret that is too short."""
    if _running["server"] is not None:
        return
    library = os.path.join(HERE, "lib")
    if library not in sys.path:
        sys.path.insert(0, library)
    from cadgate.appserver import gui
    from cadgate_blender.app.host import BlenderHost

    with open(os.path.join(HERE, "limits.json")) as file:
        limits = json.load(file)
    chosen = preferences()
    _running["server"] = gui.serve(BlenderHost, secret=chosen.token, port=chosen.port, settings=limits)
    bpy.app.timers.register(pump, persistent=True)


def stop():
    """Stop listening; a running call is finished."""
    server, _running["server"] = _running["server"], None
    if server is not None:
        server.stop()
    if bpy.app.timers.is_registered(pump):
        bpy.app.timers.unregister(pump)


def pump():
    """Run the waiting calls; a Blender timer, which calls it again after the returned number of seconds."""
    server = _running["server"]
    if server is None:
        return None
    now = time.monotonic()
    if server.pump():
        _running["last"] = now
    return LIVELY if now - _running["last"] < 2.0 else QUIET


class CadgatePreferences(bpy.types.AddonPreferences):
    """Where to listen, and the secret that the gateway must know."""

    bl_idname = __package__

    port: bpy.props.IntProperty(name="Port", default=8791, min=1024, max=65535)
    token: bpy.props.StringProperty(name="Secret", subtype="PASSWORD")
    autostart: bpy.props.BoolProperty(name="Serve when Blender starts", default=False)

    def draw(self, context):
        layout = self.layout
        for name in ("port", "token", "autostart"):
            layout.prop(self, name)
        layout.operator("cadgate.stop" if _running["server"] else "cadgate.start")
        layout.operator("cadgate.copy_settings")


class StartServer(bpy.types.Operator):
    """Serve this Blender to a gateway"""

    bl_idname = "cadgate.start"
    bl_label = "Start serving"

    def execute(self, context):
        try:
            start()
        except (OSError, ValueError) as error:
            self.report({"ERROR"}, f"cadgate: {error}")
            return {"CANCELLED"}
        self.report({"INFO"}, f"cadgate listens on port {preferences().port}")
        return {"FINISHED"}


class StopServer(bpy.types.Operator):
    """Stop serving this Blender"""

    bl_idname = "cadgate.stop"
    bl_label = "Stop serving"

    def execute(self, context):
        stop()
        return {"FINISHED"}


class CopySettings(bpy.types.Operator):
    """Copy the lines that the gateway's plugins.toml needs"""

    bl_idname = "cadgate.copy_settings"
    bl_label = "Copy the gateway's settings"

    def execute(self, context):
        chosen = preferences()
        context.window_manager.clipboard = (
            f'[adapters.blender]\nmode = "external"\nport = {chosen.port}\ntoken = "{chosen.token}"\n'
        )
        return {"FINISHED"}


CLASSES = (CadgatePreferences, StartServer, StopServer, CopySettings)


def register():
    for each in CLASSES:
        bpy.utils.register_class(each)
    chosen = preferences()
    if not chosen.token:
        chosen.token = secrets.token_urlsafe(32)
    if chosen.autostart and not bpy.app.background:
        bpy.app.timers.register(_autostart, first_interval=0.5)


def _autostart():
    try:
        start()
    except (OSError, ValueError) as error:
        print(f"cadgate: {error}", file=sys.stderr)


def unregister():
    stop()
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)
