"""Finding an object of a document by its name."""

from __future__ import annotations

from typing import Any

from cadgate.appserver import not_found


def find(document: Any, name: str) -> Any:
    """Return the object `name` of `document`. Raises AppError `object_not_found`."""
    obj = document.getObject(name)
    if obj is None:
        raise not_found("object", name, [other.Name for other in document.Objects])
    return obj
