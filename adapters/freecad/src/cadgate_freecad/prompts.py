"""Prompts for agents: what a person may ask of FreeCAD."""

from __future__ import annotations

from cadgate.plugin import Prompt

PROMPTS = (
    Prompt(
        name="part",
        title="Design a part",
        description="Design a parametric part, check it by numbers and pictures, and export it.",
        arguments={"part": "What the part is, with its dimensions (millimetres, or with a unit)."},
        text="""Design this part in FreeCAD: {part}

1. If a dimension is missing that changes the part, ask for it; otherwise choose a usual value and say so.
2. Set the dimensions that may change by the method `parameters.set`, and use them in `expressions` of the objects.
3. Build it: `search` for each step, `describe` what you have not used yet, and send many calls by `batch`.
4. Check it: volume and bounding box by `measure`, against what you compute from the dimensions; all sides by `look`.
5. Export it as STEP by `export`, and report the artifact's link, the dimensions, and what you chose yourself.
""",
    ),
    Prompt(
        name="drawing",
        title="Draw a part",
        description="Make a dimensioned drawing of a part on a sheet, as PDF.",
        arguments={"object": "The name of the part."},
        text="""Make a drawing of the FreeCAD object {object}.

1. `look` at it, and choose the views and sections that show every feature.
2. `describe` the method `drawings.create`, and make a sheet with those views, dimensions and a title.
3. Compare the dimensions in its answer with those of `measure`; name what no view shows.
4. Export the drawing as PDF, and report the artifact's link.
""",
    ),
)
