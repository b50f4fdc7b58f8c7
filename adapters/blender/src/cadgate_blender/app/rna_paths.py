"""RNA paths from an object, as clients write them: resolved step by step to a property that can be keyed.

A path stays within the object: its data, its shape keys, its materials and their nodes.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, Iterator, NamedTuple, Sequence

import bpy

from cadgate.appserver import AppError, nearest
from cadgate_blender.app.data_paths import require_keyable

_STEP = re.compile(r'(?P<start>\.?)(?P<name>[A-Za-z_]\w*)|\["(?P<key>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d{1,9})\]')
_KINDS = ("BOOLEAN", "INT", "FLOAT", "ENUM")


class Target(NamedTuple):
    """A property that can be keyed."""

    owner: Any
    """The data-block that has the curves."""
    container: Any
    """The structure with the property."""
    name: str
    """Of the property; of a custom one, its key."""
    is_custom: bool
    path: str
    """From the owner, as Blender itself writes it."""
    prefix: str
    """The owner's place, seen from the object."""

    @property
    def whole(self) -> str:
        return self.prefix + self.path

    @property
    def rna(self) -> Any:
        """Return Blender's description of the property; None for a custom one."""
        return None if self.is_custom else self.container.bl_rna.properties[self.name]

    @property
    def value(self) -> Any:
        return self.container[self.name] if self.is_custom else getattr(self.container, self.name)

    @property
    def width(self) -> int:
        """Return the number of components; 0 for a single value."""
        value = self.value
        return len(value) if hasattr(value, "__len__") and not isinstance(value, (str, set)) else 0


def owners(obj: Any) -> Iterator[tuple[str, Any]]:
    """Yield the data-blocks that belong to an object, each with its place, seen from the object."""
    yield "", obj
    if hasattr(obj.data, "animation_data"):  # the picture of an empty cannot be animated
        yield "data.", obj.data
        if getattr(obj.data, "shape_keys", None) is not None:
            yield "data.shape_keys.", obj.data.shape_keys
        if getattr(obj.data, "node_tree", None) is not None:
            yield "data.node_tree.", obj.data.node_tree
    seen: set[Any] = set()
    for number, slot in enumerate(obj.material_slots):
        material = slot.material
        if material is None or material in seen:
            continue
        seen.add(material)
        place = f"material_slots[{number}].material."
        yield place, material
        if material.node_tree is not None:
            yield place + "node_tree.", material.node_tree


def resolve(obj: Any, path: str) -> tuple[Target, int | None]:
    """Return the property at `path`, and the component if the path names one. Raises AppError."""
    steps = _steps(path)
    places = {block: place for place, block in reversed(list(owners(obj)))}
    owner = current = obj
    for number, (kind, word) in enumerate(steps):
        last = number == len(steps) - 1
        if kind == "name":
            known = getattr(current, "bl_rna", None)
            if known is None or word not in known.properties:
                raise _unknown(path, word, () if known is None else known.properties.keys())
            value = getattr(current, word)
        elif isinstance(current, bpy.types.bpy_prop_collection):
            value = _item(path, current, kind, word)
        elif kind == "index" and last and number and hasattr(current, "__len__"):
            found, _ = resolve(obj, _joined(steps[:-1]))
            return found, _component(path, found, int(word))
        elif kind == "key" and hasattr(current, "bl_rna"):
            return _custom(path, owner, current, word, places[owner], steps[number + 1 :])
        else:
            raise _unknown(path, word, ())
        if last:
            if kind != "name":
                raise AppError(
                    "validation_error", f"{path!r} names {_what(value)}, not a property of it", {"path": path}
                )
            return _property(path, owner, current, word, places[owner]), None
        if isinstance(value, bpy.types.ID) and value != owner:
            if value not in places:
                raise AppError(
                    "validation_error",
                    f"{path!r} leads out of {obj.name!r} to {_what(value)} {value.name!r}: key it there",
                    {"path": path, "leads_to": value.name},
                )
            owner = value
        if value is None:
            raise AppError("validation_error", f"{path!r} leads nowhere: {word} is empty", {"path": path})
        current = value
    raise _unknown(path, path, ())


def _steps(path: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(path):
        match = _STEP.match(path, place)
        if match is None or (match["name"] is not None and (match["start"] == "") != (place == 0)):
            raise AppError(
                "validation_error",
                f"{path!r} is not an RNA path from character {place}: write for instance location, "
                'modifiers["Bevel"].width or ["custom property"]',
                {"path": path, "character": place},
            )
        if match["name"] is not None:
            found.append(("name", match["name"]))
        elif match["key"] is not None:
            found.append(("key", bpy.utils.unescape_identifier(match["key"])))
        else:
            found.append(("index", match["index"]))
        place = match.end()
    return found


def _joined(steps: Sequence[tuple[str, str]]) -> str:
    words = {"name": ".{}", "index": "[{}]", "key": '["{}"]'}
    return "".join(
        words[kind].format(bpy.utils.escape_identifier(word) if kind == "key" else word) for kind, word in steps
    ).lstrip(".")


def _item(path: str, collection: Any, kind: str, word: str) -> Any:
    if kind == "index":
        if int(word) >= len(collection):
            raise AppError(
                "validation_error", f"{path!r}: there are {len(collection)} items, so no [{word}]", {"path": path}
            )
        return collection[int(word)]
    value = collection.get(word) if kind == "key" else None
    if value is None:
        raise _unknown(path, word, collection.keys())
    return value


def _component(path: str, target: Target, index: int) -> int:
    if index >= target.width:
        raise AppError(
            "validation_error",
            f"{path!r}: {target.whole} has {target.width} components, so no [{index}]",
            {"path": path, "components": target.width},
        )
    return index


def _custom(
    path: str, owner: Any, container: Any, key: str, prefix: str, rest: Sequence[tuple[str, str]]
) -> tuple[Target, int | None]:
    if key not in list(container.keys()):
        raise _unknown(path, key, container.keys())
    own = f'["{bpy.utils.escape_identifier(key)}"]'
    start = "" if container == owner else container.path_from_id()
    target = Target(owner, container, key, True, start + own, prefix)
    value = target.value
    numbers = (
        len(value) > 0 and all(isinstance(each, (bool, int, float)) for each in value)
        if hasattr(value, "to_list")
        else isinstance(value, (bool, int, float))
    )
    if not numbers:
        raise AppError("validation_error", f"{path!r} does not hold numbers, so it cannot be keyed", {"path": path})
    if not rest:
        return target, None
    if len(rest) == 1 and rest[0][0] == "index" and target.width:
        return target, _component(path, target, int(rest[0][1]))
    raise _unknown(path, rest[0][1], ())


def _property(path: str, owner: Any, container: Any, name: str, prefix: str) -> Target:
    rna = container.bl_rna.properties[name]
    if rna.type not in _KINDS or getattr(rna, "is_enum_flag", False):
        kind = {"STRING": "text", "POINTER": "another structure", "COLLECTION": "a collection"}.get(rna.type, rna.type)
        raise AppError(
            "validation_error",
            f"{path!r} holds {kind}: numbers, booleans and enumerations can be keyed",
            {"path": path, "type": rna.type},
        )
    require_keyable(path)
    if not rna.is_animatable or rna.is_readonly:
        raise AppError("validation_error", f"Blender cannot animate {path!r}", {"path": path})
    return Target(owner, container, name, False, name if container == owner else container.path_from_id(name), prefix)


def _what(value: Any) -> str:
    rna = getattr(value, "bl_rna", None)
    return "a collection" if rna is None else f"a {rna.identifier}"


def _unknown(path: str, word: str, known: Iterable[str]) -> AppError:
    near = nearest(word, [each for each in known if each != "rna_type"], cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return AppError(
        "validation_error", f"{path!r} does not exist: there is no {word!r}{hint}", {"path": path, "did_you_mean": near}
    )
