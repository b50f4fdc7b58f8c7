"""The entry point of the package: everything that makes Blender an application of the gateway."""

from __future__ import annotations

from cadgate.plugin import Adapter, Formats, hookimpl
from cadgate_blender.client import BlenderClient, BlenderConnectionError
from cadgate_blender.launcher import BlenderLauncher
from cadgate_blender.models.exchange import EXPORT, IMPORT, SUFFIXES
from cadgate_blender.prompts import PROMPTS
from cadgate_blender.routers import ROUTERS
from cadgate_blender.settings import BlenderSettings

_FILES = {**SUFFIXES, "usd": (".usd", ".usdc", ".usda"), "usdz": (".usdz",)}
FORMATS = Formats(
    reads=_FILES,
    writes=_FILES,
    importing=IMPORT,
    exporting=EXPORT,
    exchange=("glb", "usdz", "stl"),
    units=dict.fromkeys(("stl", "obj", "ply"), 1.0),
    scale="scale",
    lossy=("stl",),
)


@hookimpl
def cadgate_adapter() -> Adapter:
    """Blender: meshes, materials, lights, cameras, renders, exchange files."""
    return Adapter(
        name="blender",
        title="Blender",
        description=(
            "Meshes, materials, lights, cameras, renders and exchange files in a real Blender. Lengths are Blender "
            "units (metres); rotations are XYZ Euler angles in degrees; colours are linear RGBA in 0…1 or "
            "`#rrggbb[aa]`. "
            "A new session is an empty scene with a grey world."
        ),
        package="cadgate_blender",
        api_version=1,
        routers=ROUTERS,
        launcher=BlenderLauncher,
        client=BlenderClient,
        settings=BlenderSettings,
        connection_error=BlenderConnectionError,
        formats=FORMATS,
        prompts=PROMPTS,
    )
