"""Prompts for agents: what a person may ask of Blender."""

from __future__ import annotations

from cadgate.plugin import Prompt

PROMPTS = (
    Prompt(
        name="scene",
        title="Make a scene and a picture",
        description="Make a scene with materials, lights and a camera, check it, and render it.",
        arguments={"scene": "What is in the picture."},
        text="""Make this scene in Blender, and render a picture of it: {scene}

1. Choose sizes in metres, and where each object stands; objects on the ground touch it (z of their lowest point is 0).
2. Make objects and materials by `batch`; `search` for what you have not used yet.
3. Add light and a camera that shows everything; for a product, the method `studio.set` does both.
4. `look` at it from several sides, and correct what floats, overlaps or is hidden.
5. Render a small picture by `render.still` first, then the final one, and report the artifact's link.
""",
    ),
    Prompt(
        name="model",
        title="Prepare a model for the web",
        description="Check a model, reduce it, and export it as GLB.",
        arguments={"object": "The name of the object."},
        text="""Prepare the Blender object {object} for the web.

1. `measure` it: faces, dimensions, materials. `look` at it.
2. Apply its modifiers on a copy; reduce the faces if there are more than 100,000, and compare by `look` with `since`.
3. Unwrap it if it has textures and no UVs (method `uv.unwrap`).
4. Export the copy as GLB by `export`, and report the artifact's link, its size, and what the format could not hold.
""",
    ),
)
