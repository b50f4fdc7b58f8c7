"""Keeps chosen edges and faces chosen: before a feature follows a change, its edges and faces are looked up again.

FreeCAD remembers edges and faces by number, and a change upstream renumbers them. Each feature with such references
has a hidden property that describes them (see `elements`); it is saved with the document. A reference that can no
longer be resolved is an error that rolls the change back: none moves to another edge silently.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Iterator, NamedTuple

from cadgate.appserver import AppError
from cadgate_freecad.app import versions
from cadgate_freecad.app.elements import Element, Lost, elements, find_again

PROPERTY = "CadgateChosen"
_ATTRIBUTES = 8 | 16
"""Output and no recompute: writing it does not touch the feature."""
_MIRRORS = ("EdgeLinks",)
"""What FreeCAD 1.0 and later derive from another property of a feature, which counts: here from `Edges`."""
_SUB = re.compile(r"(Edge|Face|Vertex)([1-9][0-9]*)\Z")


class Reference(NamedTuple):
    """Elements of one kind of one object, in one property of a feature."""

    field: str
    target: Any
    kind: str
    numbers: list[int]

    @property
    def key(self) -> str:
        return f"{self.field}/{self.target.Name}/{self.kind}"


def by(field: str, selection: Any) -> Callable[[Any], None]:
    """Return a setup for a new feature that records how the request chose: everything (None), or by a filter."""

    def setup(obj: Any) -> None:
        if selection is None or isinstance(selection, dict):
            _write(obj, {field: {"filter": selection, "all": selection is None}})

    return setup


def choose_again(obj: Any) -> None:
    """Before a recompute, give the feature the current numbers of its edges and faces.

    Raises AppError `degenerate_result` for one that is gone or cannot be distinguished from others.
    """
    for name, mapping in _moved(obj).items():
        _renumber(obj, name, mapping)


def references_to(obj: Any) -> list[tuple[Any, str, Any]]:
    """Return what features with a record refer to of `obj`, by feature and property, if FreeCAD may renumber it."""
    if not versions.RENUMBERS:
        return []
    found: list[tuple[Any, str, Any]] = []
    for other in obj.InList:
        if _read(other):
            names = {each.field for each in _references(other) if each.target is obj}
            found += [(other, name, getattr(other, name)) for name in sorted(names)]
    return found


def put_back(before: list[tuple[Any, str, Any]]) -> None:
    """Undo FreeCAD's own renumbering of references, which leaves out new edges and can lead elsewhere.

    They are found again before their feature is recomputed (see `choose_again`).
    """
    for obj, name, value in before:
        if getattr(obj, name) != value:
            setattr(obj, name, value)


def is_elsewhere(obj: Any) -> bool:
    """Return whether a feature, recomputed by others, is on edges or faces that were not chosen. Raises as above."""
    return bool(obj.OutList) and bool(_read(obj)) and _is_settled(obj) and bool(_moved(obj))


def is_found(obj: Any) -> bool:
    """Do `choose_again` for a feature that is already broken; return False if something cannot be found."""
    try:
        choose_again(obj)
    except AppError:
        return False
    return True


def _moved(obj: Any) -> dict[str, dict[tuple[str, int], list[int]]]:
    """Return, by property, the new numbers of each reference if any differs."""
    memory = _read(obj) if obj.OutList else {}
    changed: dict[str, dict[tuple[str, int], list[int]]] = {}
    references = list(_references(obj)) if memory else []
    for reference in references:
        known = _known(memory, reference, references)
        # The numbers differ from the recorded ones: somebody made a new choice.
        if known is None or known["numbers"] != reference.numbers or not _has_shape(reference.target):
            continue
        places = _places(obj, reference, known)
        if sorted({place for each in places.values() for place in each}) != sorted(reference.numbers) or any(
            number not in place for number, place in places.items()
        ):
            moved = {(reference.key, number): place for number, place in places.items()}
            changed.setdefault(reference.field, {}).update(moved)
    return changed


def remember(obj: Any) -> None:
    """After a successful recompute, record what the edges and faces of the feature are."""
    if not obj.OutList:
        return
    references = [each for each in _references(obj) if _has_shape(each.target)]
    if not references:
        return
    before = _read(obj)
    memory: dict[str, Any] = {}
    for reference in references:
        known = _known(before, reference, references) or before.get(reference.field) or {}
        if known.get("all"):
            memory[reference.key] = {"all": True, "numbers": reference.numbers}
            continue
        memory[reference.key] = {"numbers": reference.numbers, "groups": groups_of(reference)}
        if known.get("filter"):
            memory[reference.key]["filter"] = known["filter"]
    if memory != before:
        _write(obj, memory)


def copy(obj: Any, other: Any, renamed: dict[str, str]) -> None:
    """Record for a copy how its edges were chosen; `renamed` are the copies of what it is made from, by name."""
    memory: dict[str, Any] = {}
    for key, known in _read(obj).items():
        name, _, rest = key.partition("/")
        place, _, kind = rest.partition("/")
        memory["/".join((name, renamed.get(place, place), kind))] = known
    if memory:
        _write(other, memory)


def adopt(objects: list[Any]) -> None:
    """Before a change, record the same for features from elsewhere (an opened file, executed code)."""
    for obj in objects:
        if obj.OutList and _is_settled(obj) and not _is_known(obj):
            remember(obj)


def _is_known(obj: Any) -> bool:
    """Return whether all references are recorded, by names that are valid here: an import may rename their origins."""
    memory = _read(obj)
    for reference in _references(obj):
        known = memory.get(reference.key)
        if known is None or known["numbers"] != reference.numbers:
            return False
        origins = {group["members"][0][1] for group in known.get("groups", ())}
        if origins and origins.isdisjoint(each.key for each in elements(reference.target, reference.kind)):
            return False
    return True


def _is_settled(obj: Any) -> bool:
    return obj.isValid() and not any("Touched" in each.State or not each.isValid() for each in obj.OutListRecursive)


def _has_shape(obj: Any) -> bool:
    shape = getattr(obj, "Shape", None)
    return shape is not None and hasattr(shape, "isNull") and not shape.isNull()


# --- the property ----------------------------------------------------------------------------------------------------


def _read(obj: Any) -> dict[str, Any]:
    try:
        memory = json.loads(getattr(obj, PROPERTY, "") or "{}")
    except ValueError:
        return {}
    return memory if isinstance(memory, dict) else {}


def _write(obj: Any, memory: dict[str, Any]) -> None:
    if PROPERTY not in obj.PropertiesList:
        text = "Which edges and faces were chosen, to find them again after a change"
        obj.addProperty("App::PropertyString", PROPERTY, "Cadgate", text, _ATTRIBUTES, False, True)
    setattr(obj, PROPERTY, json.dumps(memory, separators=(",", ":")))


def groups_of(reference: Reference) -> list[dict[str, Any]]:
    """Return, for each origin of a chosen element, all elements of this origin, and which of them were chosen."""
    return groups_among(elements(reference.target, reference.kind), reference.numbers)


def groups_among(every: list[Element], numbers: list[int]) -> list[dict[str, Any]]:
    """Do the same for elements that are known, and the numbers that were chosen."""
    wanted = set(numbers)
    groups: dict[str, list[Element]] = {}
    for each in every:
        groups.setdefault(each.key, []).append(each)
    return [
        {"members": [list(each) for each in group], "chosen": sorted(wanted & {each.number for each in group})}
        for group in groups.values()
        if any(each.number in wanted for each in group)
    ]


# --- the references of a feature -------------------------------------------------------------------------------------


def _references(obj: Any) -> Iterator[Reference]:
    for name in obj.PropertiesList:
        if name in _MIRRORS:
            continue
        kind = obj.getTypeIdOfProperty(name)
        if kind == "Part::PropertyFilletEdges":
            if obj.Base is not None and obj.Edges:
                yield Reference(name, obj.Base, "Edge", [each[0] for each in obj.Edges])
        elif "LinkSub" in kind:
            found: dict[tuple[str, str], Reference] = {}
            for target, sub in _subs(getattr(obj, name)):
                match = _SUB.match(sub)
                if match:
                    first = Reference(name, target, match.group(1), [])
                    found.setdefault((target.Name, match.group(1)), first).numbers.append(int(match.group(2)))
            yield from found.values()


def _subs(value: Any) -> list[tuple[Any, str]]:
    """Return the pairs in a link to elements: `(object, [names])`, or a list of such."""
    if not value:
        return []
    links = [value] if isinstance(value, tuple) else value
    return [(target, sub) for target, subs in links for sub in ([subs] if isinstance(subs, str) else subs)]


def _renumber(obj: Any, name: str, mapping: dict[tuple[str, int], list[int]]) -> None:
    if obj.getTypeIdOfProperty(name) == "Part::PropertyFilletEdges":
        key = f"{name}/{obj.Base.Name}/Edge"
        sizes: dict[int, tuple[float, float]] = {}
        everything = None
        for number, *radii in obj.Edges:
            everything = everything or radii
            for place in mapping.get((key, number), [number]):
                if sizes.setdefault(place, tuple(radii)) != tuple(radii):
                    raise _lost(obj, obj.Base, f"Edge{number}", "it has merged with an edge of another size")
        for place in mapping.get((key, 0), []):
            sizes.setdefault(place, tuple(everything or (1.0, 1.0)))
        setattr(obj, name, [(number, *sizes[number]) for number in sorted(sizes)])
        return
    links: list[tuple[Any, list[str]]] = []
    for target, sub in _subs(getattr(obj, name)):
        match = _SUB.match(sub)
        places = [sub]
        if match:
            key = f"{name}/{target.Name}/{match.group(1)}"
            numbers = mapping.get((key, int(match.group(2))), [int(match.group(2))])
            places = [f"{match.group(1)}{number}" for number in numbers]
        if not links or links[-1][0] is not target:
            links.append((target, []))
        links[-1][1].extend(place for place in places if place not in links[-1][1])
    setattr(obj, name, links[0] if obj.getTypeIdOfProperty(name).endswith("Sub") else links)


# --- finding ---------------------------------------------------------------------------------------------------------


def _known(memory: dict[str, Any], reference: Reference, references: list[Reference]) -> dict[str, Any] | None:
    """Return what is recorded about a reference, even if it now leads to another object: the same is meant there."""
    if reference.key in memory:
        return memory[reference.key]
    present = {each.key for each in references}
    name, _, kind = reference.key.split("/")
    before = [known for key, known in memory.items() if key not in present and key.split("/")[::2] == [name, kind]]
    return before[0] if len(before) == 1 else None


def _places(obj: Any, reference: Reference, known: dict[str, Any]) -> dict[int, list[int]]:
    """Return, for each number that the feature has, the numbers that its element has now."""
    now = elements(reference.target, reference.kind)
    if known.get("all"):
        here = [each.number for each in now]
        return dict.fromkeys(reference.numbers, here)
    by_key: dict[str, list[Element]] = {}
    for each in now:
        by_key.setdefault(each.key, []).append(each)
    carries = obj.isDerivedFrom("Sketcher::SketchObject") and reference.field in ("Support", "AttachmentSupport")
    places: dict[int, list[int]] = {}
    for group in known["groups"]:
        before = [Element._make([*row[:6], tuple(row[6])]) for row in group["members"]]
        chosen = group["chosen"]
        candidates = by_key.get(before[0].key, []) or at_the_same_place(before, chosen, now)
        if carries and len(chosen) == 1 and candidates and _in_one_plane(reference, candidates):
            # It does not matter on which piece of a face a sketch lies: only its plane counts.
            places[chosen[0]] = [candidates[0].number]
            continue
        try:
            places.update(find_again(before, chosen, candidates))
        except Lost as error:
            what = f"{reference.kind}{error.element.number} ({error.element})"
            raise _lost(obj, reference.target, what, error.why, known.get("filter")) from None
    return places


def at_the_same_place(before: list[Element], chosen: list[int], now: list[Element]) -> list[Element]:
    """Return elements of another origin (an operand was replaced) exactly where those of a group are, one for each."""
    found: list[Element] = []
    for each in before:
        if each.number in chosen:
            same = [
                other
                for other in now
                if other[3:6] == each[3:6] and max(abs(a - b) for a, b in zip(other.place, each.place)) <= 1e-5
            ]
            if len(same) != 1:
                return []
            found += same
    return found if len(found) == len(before) else []


def _in_one_plane(reference: Reference, candidates: list[Element]) -> bool:
    if reference.kind != "Face" or any(each.kind != "plane" for each in candidates):
        return False
    faces = reference.target.Shape.Faces
    planes = [faces[each.number - 1].Surface for each in candidates]
    axis, position = planes[0].Axis, planes[0].Position
    return all(
        axis.cross(each.Axis).Length < 1e-7 and abs((each.Position - position).dot(axis)) < 1e-6 for each in planes
    )


def _lost(obj: Any, target: Any, what: str, why: str, selection: Any = None) -> AppError:
    said = ", ".join(f"{key}={value!r}" for key, value in (selection or {}).items() if value is not None)
    return AppError(
        "degenerate_result",
        f"{obj.Name!r} was made on {what} of {target.Name!r}{f', chosen by {said}' if said else ''}, which cannot be "
        f"found again: {why}. Make the change in a way that keeps it, or delete {obj.Name!r} first and create it again "
        "afterwards",
        {"name": obj.Name, "object": target.Name, "element": what},
    )
