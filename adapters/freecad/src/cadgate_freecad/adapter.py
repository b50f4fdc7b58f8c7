"""The entry point of the package: everything that makes FreeCAD an application of the gateway."""

from __future__ import annotations

from cadgate.plugin import Adapter, Formats, hookimpl
from cadgate_freecad.client import FreeCADClient, FreeCADConnectionError
from cadgate_freecad.launcher import FreeCADLauncher
from cadgate_freecad.models.exchange import EXPORT, IMPORT, SUFFIXES
from cadgate_freecad.prompts import PROMPTS
from cadgate_freecad.routers import ROUTERS
from cadgate_freecad.settings import FreeCADSettings

_READ = ("step", "iges", "brep", "fcstd", "dxf", "stl", "obj", "ply", "3mf", "amf", "glb", "gltf")
_EXACT = ("step", "iges", "brep", "dxf", "svg")
FORMATS = Formats(
    reads={**{name: SUFFIXES[name] for name in _READ}, "off": (".off",)},
    # A PDF is of a drawing, which a converted file has none of.
    writes={name: suffixes for name, suffixes in SUFFIXES.items() if name != "pdf"},
    importing=IMPORT,
    exporting=EXPORT,
    only_from=dict.fromkeys(_EXACT, (*_EXACT[:3], "fcstd", "dxf")),
    exchange=("step", "glb", "3mf", "stl"),
    units=dict.fromkeys(("stl", "obj", "ply", "off"), 0.001),
    lossy=("obj", "ply", "gltf", "glb"),
)
"""Meshes have one colour here, and no materials."""


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
        formats=FORMATS,
        prompts=PROMPTS,
    )
