"""Links: an object shown again, elsewhere, without a copy of it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from cadgate.plugin import Method, Name, Rotation
from cadgate_freecad.models.objects import PartInfo
from cadgate_freecad.models.values import ColoredCreation, Expressions, Label, Location, Material, PartName


class LinkPlace(ColoredCreation):
    """What the link is called, and where it shows the object."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Second", "location": [20, 0, 0]}]})
    name: PartName | None = Field(None, description="By default chosen by the application.")
    label: Label | None = Field(None, description="Any text; by default the name.")
    location: Location | None = Field(
        None,
        description="Instead of the object's own; by default the place of the object in the document.",
    )
    rotation: Rotation | None = Field(None, description="Instead of the object's own, like `location`.")
    expressions: Expressions = {}
    material: Material | None = Field(None, description="By default that of the object.")


class LinkParams(LinkPlace):
    """Which object to show again, and the link."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"object": "Box", "name": "Second", "location": [20, 0, 0]}]}
    )
    object: Name


CREATE_LINK = Method("links.create", LinkParams, PartInfo, mutates=True)
