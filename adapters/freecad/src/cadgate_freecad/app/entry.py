"""The script that `freecadcmd` runs: it starts the in-application server and serves until the gateway ends it.

FreeCAD imports this script, so `__name__` is `entry`; a script that raises is run a second time and the exit code is 0,
so nothing may be raised out of it.
"""

from __future__ import annotations

import os
import sys
import traceback


def run() -> None:
    """Serve; never returns, never raises."""
    try:
        # FreeCAD puts the script's folder on sys.path, where our modules would hide others of the same name.
        here = os.path.dirname(os.path.realpath(globals().get("__file__", "")))
        sys.path[:] = [folder for folder in sys.path if os.path.realpath(folder or ".") != here]
        sys.path.insert(0, os.environ["CADGATE_LIB"])
        from cadgate.appserver import AppError
        from cadgate.appserver.boot import main, refuse
        from cadgate_freecad.app import versions

        try:
            versions.require_supported()
        except AppError as error:
            refuse(error)
        from cadgate_freecad.app.preferences import prepare

        prepare()
        from cadgate_freecad.app.host import FreeCADHost

        main(FreeCADHost)
    except BaseException:  # noqa: BLE001 - see above: nothing may be raised out of this script
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)


if "." not in __name__:
    run()
