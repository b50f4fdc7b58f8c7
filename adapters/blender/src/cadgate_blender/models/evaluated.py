"""What Blender shows of an object, in numbers."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from cadgate.plugin import MayWarn, Method, Name, Params, Result


class EvaluatedParams(Params):
    """The object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Cube"}]})

    object: Name


class AttributeInfo(Result):
    """An attribute of the evaluated geometry."""

    name: str
    domain: str = Field(description="point, edge, face, corner, curve or instance.")
    type: str = Field(description="Blender's own name, in lower case: float, float_vector, int …")


class Evaluated(MayWarn):
    """An object with all its modifiers in effect."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "object": "Cube",
                    "vertices": 8,
                    "edges": 12,
                    "faces": 6,
                    "points": 0,
                    "curves": 0,
                    "instances": 0,
                    "attributes": [{"name": "position", "domain": "point", "type": "float_vector"}],
                }
            ]
        }
    )

    object: str
    vertices: int
    edges: int
    faces: int
    points: int = Field(description="Of a point cloud.")
    curves: int
    instances: int = Field(description="Objects and parts that are shown without being in the mesh.")
    attributes: list[AttributeInfo]


EVALUATED = Method("objects.evaluated", EvaluatedParams, Evaluated)
