"""FreeCAD's own values: numbers or quantity strings, names, labels, and the common fields of creations."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, model_validator

from cadgate.plugin import Color, Creation, Number, Params, Rotation
from cadgate_freecad.models.selection import FaceSelection

_UNSAVABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_UNIT: dict[str, JsonValue] = {"pattern": r"[^\d\s.,+*/()^-]"}
"""Of the schema alone: a text without a unit is refused by FreeCAD's half, which says what to write."""

Quantity = Annotated[str, Field(min_length=1, max_length=64, examples=["2 in"], json_schema_extra=_UNIT)]
"""A length with a unit, as FreeCAD writes it. FreeCAD parses it and checks the unit."""

AngleQuantity = Annotated[str, Field(min_length=1, max_length=64, examples=["0.5 rad"], json_schema_extra=_UNIT)]
DensityQuantity = Annotated[str, Field(min_length=1, max_length=64, examples=["7.85 g/cm^3"], json_schema_extra=_UNIT)]

Flag = Annotated[bool, Field(strict=True)]
"""true or false. 0, 1 and words are refused, not converted."""

Length = Annotated[
    Annotated[Number, Field(gt=0)] | Quantity,
    Field(description='Above 0: millimetres, or a quantity string such as `"2 in"`.'),
]
LengthOrZero = Annotated[
    Annotated[Number, Field(ge=0)] | Quantity,
    Field(description='0 or more: millimetres, or a quantity string such as `"2 in"`.'),
]
Coordinate = Annotated[
    Number | Quantity, Field(description='Millimetres of either sign, or a quantity string such as `"-2 in"`.')
]
Angle = Annotated[
    Annotated[Number, Field(gt=0, le=360)] | AngleQuantity,
    Field(description='Above 0, up to 360: degrees, or a quantity string such as `"1.5 rad"`.'),
]
SignedAngle = Annotated[
    Annotated[Number, Field(ge=-360, le=360)] | AngleQuantity,
    Field(description='-360 to 360: degrees, or a quantity string such as `"-1.5 rad"`.'),
]
Latitude = Annotated[
    Annotated[Number, Field(ge=-90, le=90)] | AngleQuantity,
    Field(description='-90 to 90: degrees, or a quantity string such as `"-45 deg"`.'),
]
HalfTurn = Annotated[
    Annotated[Number, Field(ge=-180, le=180)] | AngleQuantity,
    Field(description='-180 to 180: degrees, or a quantity string such as `"-90 deg"`.'),
]
HelixAngle = Annotated[
    Annotated[Number, Field(ge=-89.99, le=89.99)] | AngleQuantity,
    Field(description='Between -90 and 90: degrees, or a quantity string such as `"0.5 rad"`.'),
]
Location = Annotated[
    tuple[Coordinate, Coordinate, Coordinate],
    Field(description="`[x, y, z]` in millimetres, or quantity strings."),
]


def _name(value: str) -> str:
    if not _NAME.match(value):
        raise ValueError(
            f"{value!r} is not a FreeCAD name: ASCII letters, digits and '_' only, and no digit first. "
            "Put any other text into `label`"
        )
    return value


def _label(value: str) -> str:
    # A document is XML: what XML 1.0 cannot hold would make the saved file unreadable.
    if _UNSAVABLE.search(value):
        raise ValueError("control characters and unpaired surrogates are not allowed in a label")
    return value


_NAMED: dict[str, JsonValue] = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
PartName = Annotated[str, Field(min_length=1, max_length=255, json_schema_extra=_NAMED), AfterValidator(_name)]
"""The name of an object or document: FreeCAD keeps exactly these unchanged."""

_SAVABLE: dict[str, JsonValue] = {"pattern": r"^[^\x00-\x1f\x7f-\x9f\ufffe\uffff]*$"}
Label = Annotated[str, Field(min_length=1, max_length=1000, json_schema_extra=_SAVABLE), AfterValidator(_label)]
"""Any text; need not be unique."""


Expression = Annotated[str, Field(min_length=1, max_length=1000, examples=["Box.Width * 2"])]
Expressions = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=255)], Expression | None],
    Field(
        max_length=200,
        description="Expressions by the name of the property that they set; null removes one. They may refer to "
        "other objects' properties, `Box.Width * 2`, and follow their changes.",
        examples=[{"Length": "Box.Width * 2"}],
    ),
]


class Material(Params):
    """What an object is made of: its name, and the density that its mass is computed from."""

    name: Label | None = Field(None, examples=["Steel"])
    density: Annotated[Number, Field(gt=0)] | DensityQuantity | None = Field(
        None, description='kg/m³, or a quantity string such as `"7.85 g/cm^3"`.', examples=[7850]
    )

    @model_validator(mode="after")
    def _says_something(self) -> Material:
        if self.name is None and self.density is None:
            raise ValueError('a material has a name, a density, or both: {"name": "Steel", "density": 7850}')
        return self


class FaceColor(Params):
    """A colour of single faces."""

    faces: FaceSelection = Field(description="Names, or a filter.", examples=[{"type": "plane", "at": "top"}])
    color: Color = Field(examples=["#d04020"])


FaceColors = Annotated[list[FaceColor], Field(max_length=1000)]


class ColoredCreation(Creation):
    """The colours of every object that a request adds."""

    color: Color | None = Field(
        None,
        description="Kept with the document and in the files that can hold it. By default that of the first input.",
        examples=["#2060c0"],
    )
    face_colors: FaceColors = Field(
        default_factory=list[FaceColor],
        description="Colours of single faces, which are found again when the object changes; later ones win.",
        examples=[[{"faces": {"type": "plane", "at": "top"}, "color": "#d04020"}]],
    )


class LabelledCreation(ColoredCreation):
    """The fields of every request that adds an object."""

    name: PartName | None = Field(
        None,
        description="`[A-Za-z_][A-Za-z0-9_]*`. By default chosen by the application.",
        examples=["Base"],
    )
    label: Label | None = Field(None, description="Any text; by default the name.", examples=["Grundplatte Ø10"])
    expressions: Expressions = {}
    material: Material | None = Field(
        None, description="What it is made of; with a density, the object has a `mass`.", examples=[{"density": 7850}]
    )


class PartCreation(LabelledCreation):
    """The same for an object that can be placed."""

    location: Location = Field((0.0, 0.0, 0.0), examples=[[0, 0, 0], [10, "1 in", 0]])
    rotation: Rotation = Field(
        (0.0, 0.0, 0.0), description="XYZ Euler angles in degrees (FreeCAD: `Rotation(z, y, x)`)."
    )


Verify = Annotated[
    Literal["fast", "full"] | None,
    Field(
        description="How closely the result is checked: `full` compares more points, the volumes and the "
        "triangulation, and takes several times as long. By default the adapter's setting `verify`."
    ),
]


class VerifiedCreation(PartCreation):
    """The same for an object made by a modelling operation, whose result is checked in a second way."""

    verify: Verify = None
