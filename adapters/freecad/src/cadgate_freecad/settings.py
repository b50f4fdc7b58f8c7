"""Settings of the FreeCAD adapter: the `[adapters.freecad]` table of plugins.toml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cadgate.plugin import AdapterSettings


class FreeCADSettings(AdapterSettings):
    """The settings of every adapter, and the sizes above which work is refused instead of started."""

    max_documents: Annotated[int, Field(ge=1)] = Field(64, description="Open documents; one more is refused.")
    max_objects: Annotated[int, Field(ge=1)] = Field(50_000, description="Objects in one document.")
    max_facets: Annotated[int, Field(ge=1)] = Field(
        1_000_000, description="Triangles of one mesh export, estimated before meshing."
    )
    max_face_facets: Annotated[int, Field(ge=1)] = Field(
        200_000, description="Triangles of one face: meshing takes four times as long for twice as many."
    )
    max_extent_mm: Annotated[float, Field(gt=0)] = Field(
        1e9, description="Lengths and coordinates; beyond that, OpenCASCADE's tolerances are meaningless."
    )
    max_copies: Annotated[int, Field(ge=1)] = Field(1000, description="Occurrences in one pattern.")
    max_turns: Annotated[int, Field(ge=1)] = Field(1000, description="Turns of one helix.")
    max_sides: Annotated[int, Field(ge=3)] = Field(1000, description="Sides of one prism.")
    max_import_bytes: Annotated[int, Field(ge=1)] = Field(256 * 1024 * 1024, description="Size of one imported file.")
    verify: Literal["fast", "full"] = Field(
        "fast",
        description="How closely results of booleans and features are checked if a request does not say: "
        "`fast` or `full`.",
    )
