"""What is remembered of the session's objects between calls, in one place: `index`.

An operation reports once what it did to an object: `index.created`, `index.changed`, `index.removed`. Whatever nobody
reports (executed code, an undo, an opened file) is an `index.unknown_change`. Readers use the index too.
"""

from cadgate_blender.app.scene_index.index import SceneIndex, Ties
from cadgate_blender.app.scene_index.precision import is_precise, precise

__all__ = ["Ties", "index", "is_precise", "precise"]

index = SceneIndex()
