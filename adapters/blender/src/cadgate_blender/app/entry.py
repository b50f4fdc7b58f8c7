"""What Blender is told to run: serves the scene until the gateway says stop."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Serve; never returns."""
    # The folder holds links to the packages cadgate and cadgate_blender, and nothing else of the gateway's environment.
    sys.path.insert(0, os.environ["CADGATE_LIB"])

    from cadgate.appserver.boot import main
    from cadgate_blender.app.host import BlenderHost

    main(BlenderHost)


if __name__ == "__main__":
    run()
