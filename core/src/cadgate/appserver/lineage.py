"""Records which version of the application wrote a journal, so that an older one does not restore less than it holds.

A newer version restores what an older one wrote. The other way round, an application drops without a word what it does
not know: that is refused before anything is read, and the folder stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import re

from cadgate.appserver.errors import unavailable

FILE = "application"
"""The file in the journal's folder that has the name and version of the newest application that wrote to it."""
MAX_BYTES = 200
_VERSION = re.compile(r"(\D*?)\s*(\d{1,6})\.(\d{1,6})")


def require_as_new(folder: str, application: str) -> None:
    """Raise AppError if the journal was written by a newer version than `application`, such as `Blender 4.5.15 LTS`."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        with open(os.path.join(folder, FILE), encoding="utf-8") as file:
            before = file.read(MAX_BYTES).strip()
        wrote, now = _VERSION.match(before), _VERSION.match(application)
        if wrote is None or now is None or wrote[1] != now[1]:
            return
        least = f"{wrote[1]} {wrote[2]}.{wrote[3]}"
        if (int(wrote[2]), int(wrote[3])) > (int(now[2]), int(now[3])):
            raise unavailable(
                f"the session was last written by {before}, and this is {application}, which would lose what it does "
                "not know: nothing was read or changed",
                f"start the gateway with {least} or newer; or, to begin with an empty session here, move the folder "
                f"{os.path.abspath(folder)} away",
            )


def record(folder: str, application: str) -> None:
    """Record that `application` writes to the journal from now on."""
    path = os.path.join(folder, FILE)
    with contextlib.suppress(OSError, UnicodeDecodeError), open(path, encoding="utf-8") as file:
        if file.read(MAX_BYTES).strip() == application:
            return
    # Without it, a later version is not recognised: that is no reason to refuse work.
    with contextlib.suppress(OSError):
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.write(application[:MAX_BYTES] + "\n")
        os.replace(path + ".part", path)
