"""The script that the Python with build123d runs: it serves the solids until the gateway stops it."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Serve; never returns."""
    # The folder has links to cadgate and to this package, and nothing else from the gateway's environment.
    sys.path.insert(0, os.environ["CADGATE_LIB"])

    from cadgate.appserver.boot import main
    from cadgate_build123d.app.host import Build123dHost

    main(Build123dHost)


if __name__ == "__main__":
    run()
