"""The script that Blender runs: it serves the scene until the gateway stops it."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Serve; never returns."""
    # The folder has links to the packages cadgate and cadgate_blender, and nothing else from the gateway's environment.
    sys.path.insert(0, os.environ["CADGATE_LIB"])

    from cadgate.appserver import AppError
    from cadgate.appserver.boot import main, refuse
    from cadgate_blender.app import versions

    try:
        versions.require_supported()
    except AppError as error:
        refuse(error)
    # Only now: what an older Blender lacks would fail these imports.
    from cadgate_blender.app.host import BlenderHost

    main(BlenderHost)


if __name__ == "__main__":
    run()
