"""What the fake application is: a Python process that serves a dictionary."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Serve; never returns."""
    sys.path.insert(0, os.environ["CADGATE_LIB"])

    from cadgate.appserver.boot import main
    from cadgate_fake.app.host import FakeHost

    main(FakeHost)


if __name__ == "__main__":
    run()
