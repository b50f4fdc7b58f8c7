"""Assemblies: links to objects in one part, mates between them, what they weigh and where they collide."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from cadgate.plugin import Color, MayWarn, Method, Name, Number, Params, Result, Rotation, Vector3
from cadgate_freecad.models.objects import PART_EXAMPLE, PartInfo
from cadgate_freecad.models.selection import EdgeSelection, FaceSelection
from cadgate_freecad.models.values import Flag, Label, LabelledCreation, Location, Material, PartName

_VALUE = (
    "Of a distance, mm: from a plane along its normal, that of `a` if both are planes, otherwise not negative; of an "
    "angle, degrees: between normals or axes, of an axis and a plane measured to the plane."
)


class AssemblyPart(Params):
    """An object in the assembly, as a link to it: the same object may be in it many times."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"object": "Box", "location": [0, 0, 40]}]})
    object: Name
    name: PartName | None = Field(None, description="Of the link; by default chosen by the application.")
    label: Label | None = None
    location: Location | None = Field(None, description="Within the assembly; by default that of the object.")
    rotation: Rotation | None = None
    color: Color | None = Field(None, description="By default that of the object.", examples=["#2060c0"])
    material: Material | None = Field(None, description="By default that of the object.")


class AssemblyParams(LabelledCreation):
    """What is in the assembly; the first part stays where it is when mates are solved."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Stand", "parts": [{"object": "Box"}, {"object": "Box", "location": [40, 0, 0]}]}]
        }
    )
    parts: Annotated[list[AssemblyPart], Field(min_length=1, max_length=10_000)]


class MateSide(Params):
    """A face or an edge of a part of the assembly."""

    part: Name
    of: FaceSelection | EdgeSelection = Field(
        description='Names (`["Face6"]`), or a filter, of one face or edge; several that lie in one plane or on one '
        "axis count as one. A filter is about the part as it is placed now, or, if nothing fits, about its object.",
        examples=[{"type": "plane", "at": "top"}],
    )


class Mate(Params):
    """What two faces or edges are to each other."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "coincident",
                    "a": {"part": "Base", "of": {"type": "plane", "at": "top"}},
                    "b": {"part": "Lid", "of": {"type": "plane", "at": "bottom"}},
                }
            ]
        }
    )
    type: Literal["coincident", "concentric", "distance", "angle", "parallel"] = Field(
        description="Between planes, axes (of round faces, or straight edges), circles and balls, which count as their "
        "centres. Balls have neither angles nor parallels, planes are not concentric."
    )
    a: MateSide
    b: MateSide
    value: Number | None = Field(None, description=_VALUE)
    flipped: Flag = Field(False, description="Coincident faces look the same way instead of at each other.")

    @model_validator(mode="after")
    def _has_a_value(self) -> Mate:
        if (self.value is None) == (self.type in ("distance", "angle")):
            raise ValueError("distance and angle need a `value`, the others have none")
        if self.a.part == self.b.part:
            raise ValueError("`a` and `b` are the same part: a mate is between two")
        return self


class MateParams(Mate):
    """In which assembly, and the mate."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "assembly": "Stand",
                    "type": "parallel",
                    "a": {"part": "Base", "of": ["Face6"]},
                    "b": {"part": "Lid", "of": ["Face5"]},
                }
            ]
        }
    )
    assembly: Name


def _not_given() -> Any:
    """Return the default of a field that stays as it is."""


class MatePatch(Params):
    """What to change of a mate; fields that are not given stay. Another type or other faces make another mate."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": 12}]})
    value: Number | SkipJsonSchema[None] = Field(default_factory=_not_given, description=_VALUE)
    flipped: Flag = Field(default_factory=_not_given)


class MateReference(Params):
    """Which mate of which assembly."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assembly": "Stand", "mate": 1}]})
    assembly: Name
    mate: Annotated[int, Field(ge=1)] = Field(description="The `id` of the mate.")


class MateUpdate(MatePatch, MateReference):
    """Which mate, and what to change of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assembly": "Stand", "mate": 1, "value": 12}]})


class AssemblyAddition(AssemblyPart):
    """Which assembly, and what to add to it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"assembly": "Stand", "object": "Box", "location": [0, 0, 40]}]}
    )
    assembly: Name


class AssemblyRemoval(Params):
    """Which part of which assembly."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assembly": "Stand", "part": "Lid"}]})
    assembly: Name
    part: Name


class AssemblyReference(Params):
    """Which assembly."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assembly": "Stand"}]})
    assembly: Name


class InterferenceParams(AssemblyReference):
    """Which assembly, and how near counts."""

    clearance: Annotated[Number, Field(ge=0)] = Field(0.0, description="mm; parts nearer than this are listed too.")


class Explosion(Params):
    """How far to move the parts apart."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"factor": 1.5}]})
    factor: Annotated[Number, Field(ge=0, le=100)] = Field(
        1.0,
        description="By this multiple of its distance from the middle each part is moved further; 0 puts all back.",
    )


class ExplodeParams(Explosion):
    """Which assembly, and how far."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assembly": "Stand", "factor": 1.5}]})
    assembly: Name


class MateInfo(Result):
    """A mate between two parts."""

    id: int = Field(description="By which it is changed and removed.")
    type: str
    a: dict[str, Any] = Field(description="`part`, and the `element` on it as it is numbered now.")
    b: dict[str, Any]
    value: float | None
    flipped: bool


class AssemblyPartInfo(Result):
    """A part of an assembly."""

    name: str
    object: str | None
    label: str
    location: Vector3
    rotation: Vector3


class AssemblyInfo(PartInfo):
    """An assembly: the part that holds the links, the mates, and how free the parts still are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **PART_EXAMPLE,
                    "name": "Stand",
                    "label": "Stand",
                    "type": "App::Part",
                    "parts": [
                        {
                            "name": "Base",
                            "object": "Box",
                            "label": "Base",
                            "location": [0, 0, 0],
                            "rotation": [0, 0, 0],
                        }
                    ],
                    "mates": [],
                    "degrees_of_freedom": 0,
                    "exploded": 0,
                }
            ]
        }
    )
    parts: list[AssemblyPartInfo]
    mates: list[MateInfo]
    degrees_of_freedom: int = Field(description="Of all parts together; the first one has none.")
    exploded: float = Field(description="The factor by which the parts are moved apart; 0 if they are not.")


class BomItem(Result):
    """One kind of part."""

    object: str
    label: str
    quantity: int
    material: str | None
    mass: float | None = Field(description="kg, of one.")
    total_mass: float | None


class Bom(MayWarn):
    """The bill of materials."""

    items: list[BomItem]
    total_mass: float | None = Field(description="kg, if that of every item is known.")


class InterferingPair(Result):
    """Two parts that share a volume, or are too near."""

    a: str
    b: str
    volume: float = Field(description="mm³ that both fill.")
    distance: float = Field(description="mm between them; 0 if they touch.")


class Interference(MayWarn):
    """The pairs that interfere."""

    pairs: list[InterferingPair]


class AssemblyListParams(Params):
    """All assemblies of the document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class ListedAssembly(Result):
    """An assembly, without its parts."""

    name: str
    label: str
    revision: str
    parts: int
    mates: int


class AssemblyList(Result):
    """The assemblies of the document, in the order in which they were made."""

    assemblies: list[ListedAssembly]
    total: int


LIST_ASSEMBLIES = Method("assemblies.list", AssemblyListParams, AssemblyList)
CREATE_ASSEMBLY = Method("assemblies.create", AssemblyParams, AssemblyInfo, mutates=True)
GET_ASSEMBLY = Method("assemblies.get", AssemblyReference, AssemblyInfo)
MATE = Method("assemblies.mate", MateParams, AssemblyInfo, mutates=True)
UPDATE_MATE = Method("assemblies.update_mate", MateUpdate, AssemblyInfo, mutates=True, partial=True)
DELETE_MATE = Method("assemblies.delete_mate", MateReference, AssemblyInfo, mutates=True)
ADD_PART = Method("assemblies.add_part", AssemblyAddition, AssemblyInfo, mutates=True)
REMOVE_PART = Method("assemblies.remove_part", AssemblyRemoval, AssemblyInfo, mutates=True)
GET_BOM = Method("assemblies.bom", AssemblyReference, Bom)
GET_INTERFERENCE = Method("assemblies.interference", InterferenceParams, Interference)
EXPLODE = Method("assemblies.explode", ExplodeParams, AssemblyInfo, mutates=True)
