"""What the stubs of Blender's API have in another way than it is: the members of its context, and libraries."""

from __future__ import annotations

from typing import Any, Protocol, cast

import bpy


class Context(Protocol):
    """Of Blender's context, what is used here: the stubs take its members for methods."""

    @property
    def preferences(self) -> bpy.types.Preferences: ...
    @property
    def scene(self) -> bpy.types.Scene: ...
    @property
    def selected_objects(self) -> list[bpy.types.Object]: ...
    @property
    def view_layer(self) -> bpy.types.ViewLayer: ...
    @property
    def visible_objects(self) -> list[bpy.types.Object]: ...

    def evaluated_depsgraph_get(self) -> bpy.types.Depsgraph: ...
    def temp_override(self, **members: Any) -> Any: ...


context = cast("Context", bpy.context)


def open_library(path: str, *, link: bool) -> Any:
    """What `bpy.data.libraries.load` gives: a context of what the file has and what is taken of it."""
    return bpy.data.libraries.load(path, link=link)
