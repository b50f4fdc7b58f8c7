"""The entry point: everything that makes OpenSCAD an application of the gateway."""

from __future__ import annotations

from cadgate.plugin import Adapter, hookimpl
from cadgate_openscad.client import OpenSCADClient, OpenSCADConnectionError
from cadgate_openscad.launcher import OpenSCADLauncher
from cadgate_openscad.routers import ROUTERS
from cadgate_openscad.settings import OpenSCADSettings

DESCRIPTION = """Solids from OpenSCAD sources. The source decides the unit of lengths, by convention millimetres.

A source comes with the request, as text or as an artifact, and nothing of it is kept: every evaluation is a separate
OpenSCAD process.
"""


@hookimpl
def cadgate_adapter() -> Adapter:
    """OpenSCAD, as the gateway sees it."""
    return Adapter(
        name="openscad",
        title="OpenSCAD",
        description=DESCRIPTION,
        package="cadgate_openscad",
        api_version=1,
        routers=ROUTERS,
        launcher=OpenSCADLauncher,
        client=OpenSCADClient,
        settings=OpenSCADSettings,
        connection_error=OpenSCADConnectionError,
    )
