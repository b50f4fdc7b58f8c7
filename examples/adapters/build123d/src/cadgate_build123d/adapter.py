"""The entry point: everything that makes build123d an application of the gateway."""

from __future__ import annotations

from cadgate.plugin import Adapter, hookimpl
from cadgate_build123d.launcher import Build123dLauncher
from cadgate_build123d.routers import ROUTERS
from cadgate_build123d.settings import Build123dSettings

DESCRIPTION = """Exact solids by build123d. Lengths are millimetres.

Its own events are on the topic `build`: each solid made by a boolean or a fillet, and the progress of exports.
"""


@hookimpl
def cadgate_adapter() -> Adapter:
    """build123d, as the gateway sees it."""
    return Adapter(
        name="build123d",
        title="build123d",
        description=DESCRIPTION,
        package="cadgate_build123d",
        api_version=1,
        routers=ROUTERS,
        launcher=Build123dLauncher,
        settings=Build123dSettings,
        topics=("build",),
    )
