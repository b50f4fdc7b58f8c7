"""Meshes made by a client: as JSON, or as raw little-endian arrays."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Color, Count, Creation, MayWarn, Method, Name, Params
from cadgate_blender.models.objects import ObjectInfo
from cadgate_blender.models.queries import ChangeQuery
from cadgate_blender.models.values import MIN_LENGTH, Coordinate, Placement

Point = tuple[Coordinate, Coordinate, Coordinate]
Pair = tuple[Coordinate, Coordinate]
Index = Annotated[Count, Field(ge=0)]

EXAMPLE: dict[str, Any] = {
    "name": "Pyramid",
    "vertices": [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1.5]],
    "faces": [[3, 2, 1, 0], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
}


class MeshParams(Placement):
    """A mesh of vertices and faces; corners run counter-clockwise, seen from outside."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    vertices: Annotated[list[Point], Field(min_length=1)] = Field(description="Blender units.")
    faces: list[Annotated[list[Index], Field(min_length=3)]] = Field(description="Indices of vertices, from 0.")
    edges: list[Annotated[list[Index], Field(min_length=2, max_length=2)]] = Field(
        default_factory=list[list[int]], description="Edges without a face; those of faces are added automatically."
    )
    smooth: bool = Field(False, strict=True, description="Shade smooth instead of flat.")
    uvs: list[Pair] | None = Field(
        None,
        description="`[u, v]` for each vertex, or for each corner of the faces in order; if both counts are equal, "
        "for each vertex.",
    )
    normals: list[Point] | None = Field(
        None, description="`[x, y, z]` of any length above 0, in the same order; the faces are smooth then."
    )
    colors: list[Color] | None = Field(None, description="Linear RGB or RGBA, or `#rrggbb[aa]`, in the same order.")
    materials: Annotated[list[Name], Field(max_length=1000)] = Field(
        default_factory=list[str], description="Existing materials, one for each slot, instead of `material`."
    )
    face_materials: list[Index] | None = Field(
        None, description="The slot of each face, from 0; by default all faces have the first."
    )

    @model_validator(mode="after")
    def _slots_exist(self) -> MeshParams:
        if self.materials and self.material is not None:
            raise ValueError("material and materials exclude each other: send one of them")
        if self.face_materials is not None:
            if len(self.face_materials) != len(self.faces):
                raise ValueError(f"face_materials has {len(self.face_materials)} items for {len(self.faces)} faces")
            if max(self.face_materials, default=0) >= max(1, len(self.materials)):
                raise ValueError(
                    f"face_materials has the slot {max(self.face_materials)}, but materials names {len(self.materials)}"
                )
        return self

    @model_validator(mode="after")
    def _one_for_each(self) -> MeshParams:
        corners = sum(map(len, self.faces))
        for field, values in (("uvs", self.uvs), ("normals", self.normals), ("colors", self.colors)):
            if values is not None and len(values) not in (len(self.vertices), corners):
                raise ValueError(
                    f"{field} has {len(values)} items: send one for each of the {len(self.vertices)} vertices, or one "
                    f"for each of the {corners} corners of faces"
                )
        for number, normal in enumerate(self.normals or ()):
            if sum(map(abs, normal)) < MIN_LENGTH:
                raise ValueError(f"normals item {number} is {list(normal)}, which has no direction")
        return self

    @model_validator(mode="after")
    def _indices_exist(self) -> MeshParams:
        count = len(self.vertices)
        for kind, groups in (("face", self.faces), ("edge", self.edges)):
            if max(map(max, groups), default=-1) >= count:
                number = next(number for number, group in enumerate(groups) if max(group) >= count)
                raise ValueError(f"{kind} {number} is {groups[number]}, but there are only {count} vertices")
        return self


class MeshUploadOptions(ChangeQuery, Creation):
    """The object made from raw arrays."""

    material: Name | None = Field(None, description="An existing material.")
    collection: Name | None = Field(None, description="An existing collection; by default the scene's own.")
    smooth: bool = Field(False, description="Shade smooth instead of flat.")


class MeshUploadParams(Placement):
    """An artifact with the raw arrays of a mesh, and the object to make from it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef", "name": "Scan"}]}
    )

    artifact: str = Field(description="The id of an artifact with the arrays.")
    smooth: bool = Field(False, strict=True, description="Shade smooth instead of flat.")


class MeshQuery(Params):
    """How much of the mesh to read."""

    evaluated: bool = Field(False, description="With its modifiers and shape keys in effect.")


class MeshReadParams(MeshQuery):
    """The object with the mesh."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Pyramid"}]})

    object: Name


class MeshData(MayWarn):
    """A mesh in numbers, which `POST /meshes` accepts as they are. Corners are in the order of the faces."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "object": "Triangle",
                    "vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]],
                    "faces": [[0, 1, 2]],
                    "edges": [],
                    "uvs": None,
                    "normals": [[0, 0, 1], [0, 0, 1], [0, 0, 1]],
                    "colors": None,
                    "materials": ["Red"],
                    "face_materials": [0],
                    "smooth": [False],
                }
            ]
        }
    )

    object: str
    vertices: list[tuple[float, float, float]] = Field(description="Blender units, in the object's own frame.")
    faces: list[list[int]]
    edges: list[tuple[int, int]] = Field(description="Those without a face.")
    uvs: list[tuple[float, float]] | None = Field(description="Of the active UV map, for each corner.")
    normals: list[tuple[float, float, float]] = Field(description="As shaded, for each corner.")
    colors: list[tuple[float, float, float, float]] | None = Field(
        description="Of the active colours, for each corner."
    )
    materials: list[str | None] = Field(description="Of each slot.")
    face_materials: list[int] = Field(description="The slot of each face.")
    smooth: list[bool] = Field(description="Of each face.")


READ = Method("meshes.read", MeshReadParams, MeshData)
CREATE = Method("meshes.create", MeshParams, ObjectInfo, mutates=True)
UPLOAD = Method(
    "meshes.upload", MeshUploadParams, ObjectInfo, mutates=True, replay="snapshot", atomic=False, deadline="file"
)
