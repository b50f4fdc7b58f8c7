"""The entry point: all that makes OpenSCAD an application of the gateway."""

from __future__ import annotations

from cadgate.plugin import Adapter, hookimpl
from cadgate_openscad.client import OpenSCADClient, OpenSCADConnectionError
from cadgate_openscad.launcher import OpenSCADLauncher
from cadgate_openscad.routers import ROUTERS
from cadgate_openscad.settings import OpenSCADSettings

DESCRIPTION = """Solids from OpenSCAD sources. Lengths are what the source means by them, millimetres by custom.

A source comes with the request, as text or as an artifact, and nothing of it stays: every evaluation is an OpenSCAD
process of its own, beside all others.
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
