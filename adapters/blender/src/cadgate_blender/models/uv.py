"""UV maps: unwrapping a mesh, and measuring the result."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, ConfigDict, Field

from cadgate.plugin import MayWarn, Method, Name, Number, Params

UvMethod = Literal["smart", "angle", "cube", "cylinder", "sphere"]
MapName = Annotated[Name, Field(max_length=63)]


class UvOptions(Params):
    """How a mesh is unwrapped."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"method": "smart"}, {"method": "angle", "angle": 50, "margin": 0.02}]}
    )

    method: UvMethod = Field(
        "smart",
        validation_alias=AliasChoices("method", "kind", "mode", "projection"),
        description="`smart`: flat pieces between sharp edges; `angle`: pieces that keep angles, between the mesh's "
        "seams or, without any, those of `smart`; `cube`, `cylinder`, `sphere`: projections along the object's axes.",
    )
    angle: Annotated[Number, Field(ge=1, le=89)] = Field(
        66, description="`smart` and `angle`: faces that meet at more than this are in different pieces, degrees."
    )
    margin: Annotated[Number, Field(ge=0, le=0.25)] = Field(
        0.01, description="About the distance between pieces, as a share of the square."
    )
    map: MapName | None = Field(
        None, description="The UV map to write; by default the active one, or a new `UVMap`. It becomes the active one."
    )


class UvParams(UvOptions):
    """The object to unwrap, and how."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube", "method": "smart"}]})

    object: Name


class UvQuery(Params):
    """The UV map to measure."""

    map: MapName | None = Field(None, description="By default the active one.")


class UvMapParams(UvQuery):
    """The object, and its UV map."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube"}]})

    object: Name


class UvInfo(MayWarn):
    """A UV map, as it was measured."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "object": "Cube",
                    "map": "UVMap",
                    "maps": ["UVMap"],
                    "islands": 6,
                    "overlap": 0.0,
                    "stretch": 0.0,
                    "coverage": 0.62,
                    "outside": 0.0,
                }
            ]
        }
    )

    object: str
    map: str
    maps: list[str] = Field(description="All UV maps of the mesh.")
    islands: int = Field(description="Pieces of faces that are connected in the map.")
    overlap: float = Field(description="The share of the covered area that is covered more than once; 0: none.")
    stretch: float = Field(
        description="How far shapes and sizes differ from those on the surface: 0 if all pieces have their true shape "
        "at one scale; 0.1 is a mean of ten percent."
    )
    coverage: float = Field(description="The share of the unit square that is covered.")
    outside: float = Field(description="The share of the map's area that is outside the unit square.")


GET = Method("uv.get", UvMapParams, UvInfo)
UNWRAP = Method("uv.unwrap", UvParams, UvInfo, mutates=True)
