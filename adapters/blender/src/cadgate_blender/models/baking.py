"""Baking: the light, normals or colours of a mesh as an image that its materials use."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, ConfigDict, Field, StrictBool, model_validator

from cadgate.plugin import Artifact, Count, MayWarn, Method, Name, Number, Params, Suffixes, check_suffix
from cadgate_blender.models.values import MAX_COORDINATE

BakeKind = Literal["ao", "normal", "base_color", "combined"]
PNG = Suffixes({".png": "png"})


class BakeOptions(Params):
    """What is baked, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "ao", "size": 1024, "samples": 64},
                {"kind": "base_color", "size": 512},
                {"kind": "normal", "sources": ["Detailed"], "extrusion": 0.05},
            ]
        }
    )

    kind: BakeKind = Field(
        "ao",
        validation_alias=AliasChoices("kind", "type", "pass", "mode"),
        description="`ao`: how much of the surroundings each point sees; `normal`: normals in tangent space; "
        "`base_color`: the colour without light; `combined`: the surface as it is lit.",
    )
    size: Annotated[Count, Field(ge=4, le=65_536)] = Field(
        1024,
        validation_alias=AliasChoices("size", "resolution"),
        description="Pixels of each side; the settings `max_render_size` and `max_render_pixels` limit it.",
    )
    samples: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(
        16, description="Of each pixel, for `ao` and `combined`; the setting `max_samples` limits it."
    )
    margin: Annotated[Count, Field(ge=0, le=1024)] = Field(8, description="Pixels around each piece, filled too.")
    map: Name | None = Field(None, description="The UV map; by default the one by which pictures are placed.")
    sources: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = Field(
        None, description="Bake these meshes, which are detailed, onto the object; by default its own surface."
    )
    extrusion: Annotated[Number, Field(ge=0, le=MAX_COORDINATE)] = Field(
        0.1, description="How far outside the object rays to the sources begin, Blender units."
    )
    use: StrictBool = Field(
        True,
        description="Use the image in the object's materials: `base_color` as their colour, `normal` as their normal "
        "map, `ao` as the occlusion of glTF files, `combined` as what they emit, and no other light.",
    )
    name: Name | None = Field(None, description="A name for the image in the scene.")
    output: str | None = Field(None, description="Relative name of the file in the session's workspace.")

    @model_validator(mode="after")
    def _check(self) -> BakeOptions:
        check_suffix(self.output, "output", "png", PNG)
        return self


class BakeParams(BakeOptions):
    """The object to bake, and how."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube", "kind": "ao", "size": 512}]})

    object: Name


class Baked(MayWarn):
    """An image that was baked, read back and kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "artifact": {
                        "id": "0123456789abcdef0123456789abcdef",
                        "name": "bake.png",
                        "media_type": "image/png",
                        "size": 18273,
                        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        "url": "/api/v1/artifacts/0123456789abcdef0123456789abcdef",
                    },
                    "object": "Cube",
                    "kind": "ao",
                    "image": "Cube ao",
                    "map": "UVMap",
                    "materials": ["Red"],
                    "width": 1024,
                    "height": 1024,
                    "seconds": 1.7,
                }
            ]
        }
    )

    artifact: Artifact
    object: str
    kind: BakeKind
    image: str | None = Field(description="Its name in the scene; null unless `use`.")
    map: str = Field(description="The UV map by which it is placed.")
    materials: list[str] = Field(description="The materials that use it now.")
    width: int
    height: int
    seconds: float = Field(description="How long Blender took to bake and save.")


BAKE = Method("bake.image", BakeParams, Baked, mutates=True, replay="snapshot", atomic=False, deadline="file")
