"""A source in a request, and the files that it reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from cadgate.plugin import Params

ArtifactId = Annotated[str, Field(description="The id of an artifact.", examples=["0123456789abcdef0123456789abcdef"])]
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_. -]*"
FileName = Annotated[str, StringConstraints(pattern=rf"^{_SEGMENT}(/{_SEGMENT})*$", max_length=255)]
"""A relative name as in `include <…>`: no `..`, nothing hidden, nothing absolute."""

MAIN = "main.scad"
"""The name of a source while it is evaluated, and so in OpenSCAD's messages."""

EXAMPLE = """/* [Size] */
// Edge in mm
size = 10; // [1:0.5:100]
round = false;
if (round) sphere(size / 2); else cube(size);
"""


class Source(Params):
    """Either the text of a source, or an artifact with it."""

    source: str | None = Field(None, min_length=1, description="The OpenSCAD source itself.", examples=[EXAMPLE])
    artifact: ArtifactId | None = Field(None, description="An artifact with the source, a .scad or .csg file.")
    files: dict[FileName, ArtifactId] = Field(
        default_factory=dict[str, str],
        description="What the source reads by `include`, `use`, `import` and `surface`: the name it has there, and the "
        "artifact. Apart from these, it can read only OpenSCAD's libraries.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Source:
        if (self.source is None) == (self.artifact is None):
            raise ValueError("give either source (its text) or artifact (the id of an uploaded .scad file)")
        if MAIN in self.files:
            raise ValueError(f"files cannot contain {MAIN!r}: that is the name of the source itself")
        return self
