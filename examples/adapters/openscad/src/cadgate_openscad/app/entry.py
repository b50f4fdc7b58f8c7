"""The script that the gateway starts: it serves evaluations until it is stopped."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Serve; never returns."""
    # The folder has links to cadgate and to this package, and nothing else from the gateway's environment.
    sys.path.insert(0, os.environ["CADGATE_LIB"])

    from cadgate.appserver.boot import main
    from cadgate_openscad.app.host import OpenSCADHost

    main(OpenSCADHost)


if __name__ == "__main__":
    run()
