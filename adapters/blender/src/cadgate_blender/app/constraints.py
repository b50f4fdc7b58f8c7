"""Constraints: adding, changing, listing, removing them."""

from __future__ import annotations

import math
from typing import Any, Callable, Iterator, Tuple

import bpy

from cadgate.appserver import AppError, about_to_change, method, name_taken, nearest, not_found
from cadgate_blender.app import animated, keyframes, names, rna_paths
from cadgate_blender.app.describe import degrees, tidy
from cadgate_blender.app.scene_index import index, precise

Field = Tuple[Callable[[Any], Any], Callable[[Any, Any], None]]

# --- settings ----------------------------------------------------------------------------------------------------


def _plain(field: str) -> Field:
    return lambda found: getattr(found, field), lambda found, value: setattr(found, field, value)


def _number(field: str) -> Field:
    return lambda found: tidy(getattr(found, field)), lambda found, value: setattr(found, field, value)


def _word(field: str, start: str = "") -> Field:
    return (
        lambda found: getattr(found, field)[len(start) :].lower(),
        lambda found, value: setattr(found, field, start + value.upper()),
    )


def _mode() -> Field:
    words = {"inside": "INSIDE", "outside": "OUTSIDE", "surface": "ONSURFACE"}
    return (
        lambda found: next(word for word, own in words.items() if found.limit_mode.endswith(own)),
        lambda found, value: setattr(found, "limit_mode", f"LIMITDIST_{words[value]}"),
    )


def _direction(field: str, start: str) -> Field:
    """Return a setting that is an axis, which Blender calls by another word if it is negative."""

    def get(found: Any) -> str:
        own = getattr(found, field)
        return ("-" if "NEGATIVE" in own else "") + own[-1].lower()

    def put(found: Any, value: str) -> None:
        axis = value[-1].upper()
        setattr(found, field, f"TRACK_NEGATIVE_{axis}" if value[0] == "-" else f"{start}_{axis}")

    return get, put


def _axes(start: str) -> Field:
    def put(found: Any, value: Any) -> None:
        for axis in "xyz":
            setattr(found, f"{start}_{axis}", axis in value)

    return lambda found: [axis for axis in "xyz" if getattr(found, f"{start}_{axis}")], put


def _target() -> Field:
    return (
        lambda found: found.target.name if found.target else None,
        lambda found, value: setattr(found, "target", names.find_object(value)),
    )


def _space() -> Field:
    def put(found: Any, value: str) -> None:
        found.owner_space = value.upper()
        if hasattr(found, "target"):
            found.target_space = value.upper()

    return lambda found: found.owner_space.lower(), put


def _bound(end: str, *, angle: bool = False) -> Field:
    def flag(axis: str) -> str:
        return f"use_limit_{axis}" if angle else f"use_{end}_{axis}"

    def get(found: Any) -> list[Any]:
        read = degrees if angle else tidy
        return [read(getattr(found, f"{end}_{axis}")) if getattr(found, flag(axis)) else None for axis in "xyz"]

    def put(found: Any, value: Any) -> None:
        for axis, each in zip("xyz", value):
            setattr(found, flag(axis), each is not None)
            if each is not None:
                setattr(found, f"{end}_{axis}", math.radians(each) if angle else each)

    return get, put


_AIMED: dict[str, Field] = {"target": _target(), "track_axis": _direction("track_axis", "TRACK")}
_COPIED: dict[str, Field] = {"target": _target(), "axes": _axes("use")}
_SETTINGS: dict[str, dict[str, Field]] = {
    "track_to": {**_AIMED, "up_axis": _word("up_axis", "UP_")},
    "damped_track": _AIMED,
    "locked_track": {**_AIMED, "lock_axis": _word("lock_axis", "LOCK_")},
    "follow_path": {
        "target": _target(),
        "position": _number("offset_factor"),
        "follow": _plain("use_curve_follow"),
        "forward_axis": _direction("forward_axis", "FORWARD"),
        "up_axis": _word("up_axis", "UP_"),
    },
    "copy_location": {**_COPIED, "invert": _axes("invert"), "offset": _plain("use_offset"), "space": _space()},
    "copy_rotation": {**_COPIED, "invert": _axes("invert"), "mix": _word("mix_mode"), "space": _space()},
    "copy_scale": {**_COPIED, "offset": _plain("use_offset"), "space": _space()},
    "copy_transforms": {"target": _target(), "space": _space()},
    "limit_location": {"min": _bound("min"), "max": _bound("max"), "space": _space()},
    "limit_rotation": {"min": _bound("min", angle=True), "max": _bound("max", angle=True), "space": _space()},
    "limit_scale": {"min": _bound("min"), "max": _bound("max"), "space": _space()},
    "limit_distance": {"target": _target(), "distance": _number("distance"), "mode": _mode()},
}
_COMMON: dict[str, Field] = {
    "influence": _number("influence"),
    "enabled": (lambda found: not found.mute, lambda found, value: setattr(found, "mute", not value)),
}
_KEYED = {"influence": "influence", "position": "offset_factor", "distance": "distance", "enabled": "mute"}
"""What can be keyed by its own name, and Blender's."""
_DIFFERENT = {
    "track_to": ("track_axis", "up_axis"),
    "locked_track": ("track_axis", "lock_axis"),
    "follow_path": ("forward_axis", "up_axis"),
}
"""Two axes that must not be the same one in either direction: Blender then leaves the constraint out."""


def info(found: Any) -> dict[str, Any]:
    """ConstraintInfo."""
    word = found.type.lower()
    known = _SETTINGS.get(word, {})
    return {
        "name": found.name,
        "type": word,
        "settings": {field: get(found) for field, (get, _) in known.items()},
        "influence": tidy(found.influence),
        "enabled": not found.mute,
    }


def _find(obj: Any, name: str) -> Any:
    found = obj.constraints.get(name)
    if found is None:
        raise not_found("constraint", name, obj.constraints.keys())
    return found


# --- checks --------------------------------------------------------------------------------------------------------


def _check(obj: Any, word: str, settings: dict[str, Any]) -> None:
    """Raise AppError for a target that is unsuitable, and for axes and bounds that exclude each other."""
    if settings.get("target") is not None:
        target = names.find_object(settings["target"])
        if word == "follow_path" and target.type != "CURVE":
            raise AppError(
                "validation_error",
                f"{target.name!r} is {names.kind_of(target)}, and a path is a CURVE",
                {"target": target.name},
            )
        chain = _way(target, obj, ())
        if chain is not None:
            way = " → ".join(repr(each) for each in (obj.name, *chain))
            raise AppError(
                "validation_error",
                f"{obj.name!r} would depend on itself: {way}. Choose a target that does not follow it",
                {"target": target.name, "chain": [obj.name, *chain]},
            )
    first, second = _DIFFERENT.get(word, ("", ""))
    one, other = settings.get(first), settings.get(second)
    if one is not None and other is not None and one[-1] == other[-1]:
        raise AppError(
            "validation_error",
            f"{first} and {second} must be different axes, and these are one: {first} {one!r}, {second} {other!r}. "
            f"Blender would ignore the {word} constraint; send another {second}, or another {first}",
            {"fields": [first, second]},
        )
    least, most = settings.get("min"), settings.get("max")
    for axis, low, high in zip("xyz", least or (), most or ()):
        if low is not None and high is not None and low > high:
            raise AppError("validation_error", f"min {low:g} is above max {high:g} along {axis}", {"axis": axis})
        if word == "limit_rotation" and (low is None) != (high is None):
            raise AppError(
                "validation_error",
                f"A rotation about {axis} is limited on both sides or not at all: send min and max for it",
                {"axis": axis},
            )


def require_sound(obj: Any, found: Any) -> None:
    """Raise AppError for a constraint of an object whose settings exclude each other, whoever set them."""
    if obj.constraints.get(found.name) == found:
        word = found.type.lower()
        _check(obj, word, {field: get(found) for field, (get, _) in _SETTINGS.get(word, {}).items()})


def _way(start: Any, end: Any, passed: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the names on the way by which the place of `start` depends on `end`; None if it does not."""
    passed = (*passed, start.name)
    if start == end:
        return passed
    for each in _followed(start):
        if each.name not in passed or each == end:
            found = _way(each, end, passed)
            if found is not None:
                return found
    return None


def _followed(obj: Any) -> Iterator[Any]:
    if obj.parent is not None:
        yield obj.parent
    for constraint in obj.constraints:
        target = getattr(constraint, "target", None)
        if target is not None:
            yield target
        yield from (each.target for each in getattr(constraint, "targets", ()) if each.target is not None)


# --- methods -------------------------------------------------------------------------------------------------------


@method("constraints.list")
def list_constraints(*, object: str) -> dict[str, Any]:
    return {"constraints": [info(each) for each in names.find_object(object).constraints]}


@method("constraints.add")
@precise("constraint")
def add(*, object: str, constraint: dict[str, Any]) -> dict[str, Any]:
    obj = names.find_object(object)
    # Use a copy: the parameters themselves are journaled afterwards.
    settings = dict(constraint)
    word, name = settings.pop("type"), settings.pop("name")
    if name is not None:
        names.check_length(name)
        if obj.constraints.get(name) is not None:
            raise name_taken("constraint", name, on_conflict=False)
    _check(obj, word, settings)
    about_to_change(lambda: index.described(obj)["revision"])
    made = obj.constraints.new(word.upper())
    if name is not None:
        made.name = name
    if word == "follow_path":
        made.use_fixed_location = True
        made.target = names.find_object(settings["target"])
        made.target.data.use_path = True
    _put(made, word, settings)
    index.changed(obj, same_mesh=True)
    return info(made)


def _put(found: Any, word: str, settings: dict[str, Any]) -> None:
    """Set settings and read them back. Raises AppError."""
    known = {**_SETTINGS.get(word, {}), **_COMMON}
    for field, value in settings.items():
        known[field][1](found, value)
    for field, value in settings.items():
        if not _alike(known[field][0](found), value):
            raise AppError("command_failed", f"Blender keeps {field} as {known[field][0](found)!r}, not as {value!r}")


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return len(one) == len(other) and all(
            _alike(*pair) for pair in zip(sorted(one, key=str), sorted(other, key=str))
        )
    if isinstance(one, float) and isinstance(other, (int, float)):
        return abs(one - other) <= 1e-4 * max(1.0, abs(other))
    return bool(one == other)


@method("constraints.update")
@precise("settings")
def update(*, object: str, constraint: str, settings: dict[str, Any]) -> dict[str, Any]:
    obj = names.find_object(object)
    found = _find(obj, constraint)
    settings = dict(settings)
    frame = settings.pop("frame", None)
    word = found.type.lower()
    known = {**_SETTINGS.get(word, {}), **_COMMON}
    foreign = sorted(settings.keys() - known.keys())
    if foreign:
        raise AppError(
            "validation_error",
            f"A {word} constraint has no setting {foreign[0]!r}; it has {', '.join(known)}",
            {"unknown": foreign, "known": list(known), "did_you_mean": nearest(foreign[0], known)},
        )
    before = {field: get(found) for field, (get, _) in _SETTINGS.get(word, {}).items()}
    same = {} if settings.keys() & set(_DIFFERENT.get(word, ())) else dict.fromkeys(_DIFFERENT.get(word, ()))
    _check(obj, word, {**before, **settings, **same})
    start = f'constraints["{bpy.utils.escape_identifier(found.name)}"].'
    keyed = [] if frame is None else _to_key(obj, start, settings)
    about_to_change(lambda: index.described(obj)["revision"], anything=bool(settings))
    _put(found, word, settings)
    if frame is None:
        own = {field: (start + _KEYED[field],) for field in settings if field in _KEYED}
        animated.warn_of(obj.name, obj, own)
    else:
        for target in keyed:
            keyframes.key_now(target, frame)
    if settings:
        index.changed(obj, same_mesh=True)
    return info(found)


def _to_key(obj: Any, start: str, settings: dict[str, Any]) -> list[Any]:
    wrong = [field for field in settings if field not in _KEYED]
    if wrong or not settings:
        what = f"{wrong[0]} cannot be keyed" if wrong else "no setting was sent"
        raise AppError("validation_error", f"frame says where to key, but {what}: send some of {', '.join(_KEYED)}", {})
    return [rna_paths.resolve(obj, start + _KEYED[field])[0] for field in settings]


@method("constraints.remove")
@precise()
def remove(*, object: str, constraint: str) -> dict[str, Any]:
    obj = names.find_object(object)
    found = _find(obj, constraint)
    about_to_change(lambda: index.described(obj)["revision"])
    obj.constraints.remove(found)
    index.changed(obj, same_mesh=True)
    return {"deleted": constraint}
