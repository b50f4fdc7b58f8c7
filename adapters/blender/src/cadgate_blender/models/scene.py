"""The scene as a whole: what it says of itself, and clearing it."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from cadgate.plugin import Empty, Method, Result

SCENE_INFO: dict[str, Any] = {
    "name": "Scene",
    "objects": [{"name": "Cube", "type": "MESH", "location": [0.0, 0.0, 0.0]}],
    "object_count": 1,
    "camera": None,
    "frame_start": 1,
    "frame_end": 250,
    "frame": 1,
    "engine": "eevee",
    "unit_system": "metric",
}


class SceneObject(Result):
    """One object, in short."""

    name: str
    type: str = Field(description="Blender's own word: MESH, LIGHT, CAMERA, EMPTY, CURVE …")
    location: tuple[float, float, float] = Field(description="Blender units; relative to the parent, if it has one.")


class SceneInfo(Result):
    """The scene, as it was read back from Blender."""

    model_config = ConfigDict(json_schema_extra={"examples": [SCENE_INFO]})

    name: str
    objects: list[SceneObject] = Field(description="In order of name.")
    object_count: int
    camera: str | None = Field(description="The active camera: renders use it where they name none.")
    frame_start: int
    frame_end: int
    frame: int = Field(description="The current frame.")
    engine: str = Field(
        description="`cycles`, `eevee` or `workbench`; the engine of an add-on has its own word. It is what the "
        "scene was saved with: a render names its own.",
    )
    unit_system: str = Field(description="`metric`, `imperial` or `none`: how Blender's window shows lengths.")


class SceneCleared(Result):
    """How many objects were removed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deleted": 3}]})

    deleted: int


GET = Method("scene.get", Empty, SceneInfo)
CLEAR = Method("scene.clear", Empty, SceneCleared, mutates=True)
