"""The entry point: everything that makes OpenSCAD an application of the gateway."""

from __future__ import annotations

from cadgate.plugin import Adapter, Formats, hookimpl
from cadgate_openscad.client import OpenSCADClient, OpenSCADConnectionError
from cadgate_openscad.launcher import OpenSCADLauncher
from cadgate_openscad.models.rendering import RENDER
from cadgate_openscad.routers import ROUTERS
from cadgate_openscad.settings import OpenSCADSettings

DESCRIPTION = """Solids from OpenSCAD sources. The source decides the unit of lengths, by convention millimetres.

A source comes with the request, as text or as an artifact, and nothing of it is kept: every evaluation is a separate
OpenSCAD process.
"""

FORMATS = Formats(
    reads={"scad": (".scad",), "csg": (".csg",)},
    writes={name: (f".{name}",) for name in ("stl", "3mf", "off", "amf", "csg", "svg", "dxf", "png")},
    exporting=RENDER,
    exchange=("stl", "3mf"),
    units=dict.fromkeys(("stl", "off"), 0.001),
)
"""A source becomes a file in one call: `/convert` needs to know no more."""


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
        formats=FORMATS,
    )
