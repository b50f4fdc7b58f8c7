"""What the Python with build123d is told to run: serves the solids until the gateway says stop."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Serve; never returns."""
    # The folder holds links to cadgate and to this package, and nothing else of the gateway's environment.
    sys.path.insert(0, os.environ["CADGATE_LIB"])

    from cadgate.appserver.boot import main
    from cadgate_build123d.app.host import Build123dHost

    main(Build123dHost)


if __name__ == "__main__":
    run()
