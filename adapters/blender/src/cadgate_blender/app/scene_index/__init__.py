"""What is remembered of the session's objects between calls, in one place: `index`.

An operation says once what it did to an object: `index.created`, `index.changed`, `index.removed`. What says nothing
about itself (executed code, an undo, an opened file) is an `index.unknown_change`. Who reads asks the index too.
"""

from cadgate_blender.app.scene_index.index import SceneIndex
from cadgate_blender.app.scene_index.precision import precise

__all__ = ["index", "precise"]

index = SceneIndex()
