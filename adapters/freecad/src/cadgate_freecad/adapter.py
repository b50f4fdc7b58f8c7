"""The entry point of the package: everything that makes FreeCAD an application of the gateway."""

from __future__ import annotations

from cadgate.plugin import Adapter, hookimpl
from cadgate_freecad.client import FreeCADClient, FreeCADConnectionError
from cadgate_freecad.launcher import FreeCADLauncher
from cadgate_freecad.routers import ROUTERS
from cadgate_freecad.settings import FreeCADSettings


@hookimpl
def cadgate_adapter() -> Adapter:
    """FreeCAD: parametric solids, booleans, documents, exchange files."""
    return Adapter(
        name="freecad",
        title="FreeCAD",
        description=(
            "Parametric solid modelling in a real FreeCAD. Lengths are millimetres or quantity strings such as "
            '`"2 in"`; angles are degrees; rotations are XYZ Euler angles in degrees; volumes are mm³.'
        ),
        package="cadgate_freecad",
        api_version=1,
        routers=ROUTERS,
        launcher=FreeCADLauncher,
        client=FreeCADClient,
        settings=FreeCADSettings,
        connection_error=FreeCADConnectionError,
        context=("document",),
    )
