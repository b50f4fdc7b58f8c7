"""Boolean operations on solids: union, subtract, intersect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from cadgate.plugin import Method, Name
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import VerifiedCreation


class BooleanParams(VerifiedCreation):
    """Operands of one boolean operation: `object1` and `object2`, or `objects` with two or more names.

    The operands stay in the document as its inputs, hidden. `operation`, if given, must agree with the route.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"object1": "Box", "object2": "Cylinder", "name": "Drilled"}]}
    )
    object1: Name | None = Field(None, description="Name of the first operand, from which `subtract` cuts the others.")
    object2: Name | None = Field(None, description="Name of the second operand.")
    objects: Annotated[list[Name], Field(min_length=2, max_length=1000)] | None = Field(
        None, description="Instead of object1 and object2: two or more names; the first one is object1."
    )

    @model_validator(mode="after")
    def _operands_are_named_once(self) -> BooleanParams:
        if self.objects is not None:
            if self.object1 is not None or self.object2 is not None:
                raise ValueError("give either object1 and object2, or objects, not both")
        elif self.object1 is None or self.object2 is None:
            missing = "object1" if self.object1 is None else "object2"
            raise ValueError(f"{missing} is missing: give object1 and object2, or objects")
        names = self.operands
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} is given twice: a boolean of an object with itself does nothing")
        return self

    @property
    def operands(self) -> list[str]:
        """Return the names of all operands, the first one first."""
        return list(self.objects) if self.objects is not None else [self.object1 or "", self.object2 or ""]


class UnionParams(BooleanParams):
    """Operands of a union."""

    operation: Literal["union"] | None = Field(None, description="Must agree with the route if given.")


class SubtractParams(BooleanParams):
    """Operands of a subtraction."""

    operation: Literal["subtract"] | None = Field(None, description="Must agree with the route if given.")


class IntersectParams(BooleanParams):
    """Operands of an intersection."""

    operation: Literal["intersect"] | None = Field(None, description="Must agree with the route if given.")


UNION = Method("boolean.union", UnionParams, PartInfo, mutates=True)
SUBTRACT = Method("boolean.subtract", SubtractParams, PartInfo, mutates=True)
INTERSECT = Method("boolean.intersect", IntersectParams, PartInfo, mutates=True)
