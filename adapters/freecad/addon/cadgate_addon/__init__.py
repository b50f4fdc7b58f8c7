"""The FreeCAD add-on: serves the open documents to a gateway in external mode, from FreeCAD's own Qt loop.

Preferences are in the parameter group `BaseApp/Preferences/Mod/cadgate`: `Port`, `Token`, `AutoStart`.
`cadgate_addon.start()`, `stop()` and `settings()` work in the Python console.
"""

import json
import os
import secrets
import sys

import FreeCAD
from PySide import QtCore

HERE = os.path.dirname(os.path.abspath(__file__))
PARAMETERS = "User parameter:BaseApp/Preferences/Mod/cadgate"
DEFAULT_PORT = 8790


class _Waker(QtCore.QObject):
    """Wakes the window's thread from the I/O thread when there is work, so that it need not poll."""

    asked = QtCore.Signal()

    def __init__(self):
        super().__init__()
        self.server = None
        self.asked.connect(self.pump, QtCore.Qt.QueuedConnection)

    def pump(self):
        if self.server is not None and self.server.pump():
            # The time budget may be spent while calls still wait: let the window's loop run first, then go on.
            self.asked.emit()


_waker = _Waker()


def port():
    """Return the port to listen on."""
    return FreeCAD.ParamGet(PARAMETERS).GetInt("Port", DEFAULT_PORT)


def token():
    """Return the secret that the gateway must know; created once."""
    parameters = FreeCAD.ParamGet(PARAMETERS)
    if not parameters.GetString("Token", ""):
        parameters.SetString("Token", secrets.token_urlsafe(32))
    return parameters.GetString("Token", "")


def settings():
    """Return the lines that the gateway's plugins.toml needs."""
    return f'[adapters.freecad]\nmode = "external"\nport = {port()}\ntoken = "{token()}"\n'


def start():
    """Start listening. Raises OSError if the port is in use."""
    if _waker.server is not None:
        return
    library = os.path.join(HERE, "lib")
    if library not in sys.path:
        sys.path.insert(0, library)
    from cadgate.appserver import gui
    from cadgate_freecad.app.host import FreeCADHost

    with open(os.path.join(HERE, "limits.json")) as file:
        limits = json.load(file)
    _waker.server = gui.serve(FreeCADHost, secret=token(), port=port(), settings=limits, wake=_waker.asked.emit)
    FreeCAD.Console.PrintMessage(
        f"cadgate listens on port {port()}; cadgate_addon.settings() returns the gateway's settings\n"
    )


def stop():
    """Stop listening."""
    server, _waker.server = _waker.server, None
    if server is not None:
        server.stop()


def begin():
    """Start listening when the window opens, unless AutoStart is off."""
    if FreeCAD.ParamGet(PARAMETERS).GetBool("AutoStart", True):
        try:
            start()
        except OSError as error:
            FreeCAD.Console.PrintError(f"cadgate: {error}\n")
