"""Objects of a document: list, read, change, delete."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from cadgate.appserver import AppError, about_to_change, method, not_found, page
from cadgate_freecad.app.documents import target
from cadgate_freecad.app.info import describe


def find(document: Any, name: str) -> Any:
    """The object `name` of `document`. Raises AppError `object_not_found`."""
    obj = document.getObject(name)
    if obj is None:
        raise not_found("object", name, [other.Name for other in document.Objects])
    return obj


@method("objects.list")
def list_objects(
    *, type: str | None, name: str | None, label: str | None, limit: int, offset: int, fields: str | None
) -> dict[str, Any]:
    chosen = [
        obj
        for obj in target().Objects
        if (name is None or fnmatchcase(obj.Name, name))
        and (label is None or fnmatchcase(obj.Label, label))
        and (type is None or obj.isDerivedFrom(type))
    ]
    return page(chosen, describe, limit=limit, offset=offset, fields=fields)


@method("objects.get")
def get_object(*, name: str) -> dict[str, Any]:
    return describe(find(target(), name))


@method("objects.delete")
def delete_object(*, name: str, cascade: bool) -> dict[str, Any]:
    document = target()
    obj = find(document, name)
    dependents = [other.Name for other in dependents_first(obj)]
    if dependents and not cascade:
        raise AppError(
            "conflict",
            f"{name!r} cannot be deleted: {', '.join(dependents)} depend on it. Delete them too with cascade=true",
            {"name": name, "dependents": dependents},
        )
    about_to_change(describe(obj)["revision"])
    for dependent in dependents:
        document.removeObject(dependent)
    document.removeObject(name)
    left = [each for each in (*dependents, name) if document.getObject(each) is not None]
    if left:
        raise AppError("command_failed", f"FreeCAD did not remove {', '.join(left)}", {"left": left})
    return {"deleted": name, "cascaded": dependents}


def dependents_first(obj: Any) -> list[Any]:
    """All that depends on `obj`, those that nothing depends on first: the order in which they can be deleted."""
    seen: dict[str, Any] = {}

    def visit(current: Any) -> None:
        for other in current.InList:
            if other.Name not in seen and other is not obj:
                visit(other)
                seen.setdefault(other.Name, other)

    visit(obj)
    return list(seen.values())
