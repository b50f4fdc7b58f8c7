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
    """Carries a wish for work from the I/O thread to the thread of the window, which need not poll."""

    asked = QtCore.Signal()

    def __init__(self):
        super().__init__()
        self.server = None
        self.asked.connect(self.pump, QtCore.Qt.QueuedConnection)

    def pump(self):
        if self.server is not None and self.server.pump():
            # The budget may be spent with calls left: the loop gets its turn, then we do.
            self.asked.emit()


_waker = _Waker()


def port():
    """The port to listen on."""
    return FreeCAD.ParamGet(PARAMETERS).GetInt("Port", DEFAULT_PORT)


def token():
    """The secret that the gateway must know; made once."""
    parameters = FreeCAD.ParamGet(PARAMETERS)
    if not parameters.GetString("Token", ""):
        parameters.SetString("Token", secrets.token_urlsafe(32))
    return parameters.GetString("Token", "")


def settings():
    """The lines that the gateway's plugins.toml needs."""
    return f'[adapters.freecad]\nmode = "external"\nport = {port()}\ntoken = "{token()}"\n'


def start():
    """Listen. Raises OSError when the port is taken."""
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
        f"cadgate listens on port {port()}; cadgate_addon.settings() tells the gateway's settings\n"
    )


def stop():
    """Listen no more."""
    server, _waker.server = _waker.server, None
    if server is not None:
        server.stop()


def begin():
    """Called when the window opens."""
    if FreeCAD.ParamGet(PARAMETERS).GetBool("AutoStart", True):
        try:
            start()
        except OSError as error:
            FreeCAD.Console.PrintError(f"cadgate: {error}\n")
