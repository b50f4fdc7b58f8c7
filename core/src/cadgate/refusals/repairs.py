"""Guesses what a client meant: an accepted value made from the refused one. It is suggested, never used."""

from __future__ import annotations

import contextlib
import difflib
import functools
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from cadgate.refusals.meaning import meant
from cadgate.refusals.schemas import Contract, Schema

_MAX_TEXT = 10_000
_NAMED = ("xyz", "rgba", "rgb", "xy", "wxyz")
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ANGLE = re.compile(rf"({_NUMBER.pattern})\s*(deg|degrees?|°|rad|radians?)\Z")
_SEPARATED = re.compile(rf"[\[(]?\s*{_NUMBER.pattern}(?:[\s,;]+{_NUMBER.pattern})+\s*[\])]?\Z")

_SYNONYMS: tuple[frozenset[str], ...] = tuple(
    frozenset(words.replace("_", "").split())
    for words in (
        "location position pos origin place translation translate loc center centre coordinates",
        "rotation rot rotate orientation euler angles rotation_euler",
        "scale scaling scale_factor",
        "size length edge_length side dimensions dimension",
        "width x_size size_x dx",
        "depth y_size size_y dy",
        "height z_size size_z dz h",
        "radius r rad diameter",
        "radius1 radius_bottom bottom_radius r1 major_radius",
        "radius2 radius_top top_radius r2 minor_radius",
        "vertices segments sides faces resolution",
        "base_color color colour rgb rgba diffuse diffuse_color",
        "name id object_name title",
        "material color colour base_color texture",
        "object objects source target base body shape",
        "tool tools operand other cutter",
        "params parameters args arguments kwargs body",
        "method name command operation action function",
        "calls requests operations commands",
        "filepath output filename file path file_path",
        "format type file_format extension",
        "label title caption",
        "thickness depth amount",
        "count number copies n",
        "angle degrees rotation",
        "axis direction normal",
    )
)


def folded(name: str) -> str:
    """Return a name without what people spell differently: case, underscores, hyphens, spaces."""
    return re.sub(r"[\s_\-]", "", name).lower()


@functools.lru_cache(maxsize=64)
def _by_folded(known: tuple[str, ...]) -> dict[str, str]:
    """Return known names by what is compared of them; the first of those that are folded alike."""
    found: dict[str, str] = {}
    for one in known:
        found.setdefault(folded(one), one)
    return found


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the known names that `name` may mean, best first."""
    return list(_nearest(name[:100], tuple(known), most))


@functools.lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...], most: int) -> list[str]:
    """Return the same, kept: the calls of a batch often have the same wrong name."""
    wanted, by_folded = folded(name), _by_folded(known)
    exact = by_folded.get(wanted)
    if exact is not None:
        return [exact]
    found = [by_folded[one] for one in difflib.get_close_matches(wanted, by_folded, n=most, cutoff=0.7)]
    same = [meant for words in _SYNONYMS if wanted in words for one, meant in by_folded.items() if one in words]
    return list(dict.fromkeys([*found, *same]))[:most]


def repair(contract: Contract, schema: Schema, value: Any) -> tuple[bool, Any]:
    """Return whether a value was probably meant, and that value."""
    likely = meant(contract, schema, value, max_text=_MAX_TEXT)
    if contract.fits(schema, likely):
        return likely is not value, likely  # 2 is equal to 2.0, which was refused
    for candidate in _candidates(contract, schema, value):
        if contract.fits(schema, candidate) and not isinstance(candidate, type(None)):
            return True, candidate
    return False, None


def _candidates(contract: Contract, schema: Schema, value: Any) -> Iterator[Any]:
    options = contract.options(schema)
    kinds = {str(one.get("type")) for one in options}
    if isinstance(value, str):
        for tag in nearest(value, contract.tagged(schema), most=1):
            yield {contract.discriminator(schema): tag}
        yield from _of_text(value[:_MAX_TEXT], options, kinds)
    elif isinstance(value, bool):
        return
    elif isinstance(value, (int, float)):
        yield from _of_number(value, options, kinds)
    elif isinstance(value, dict):
        yield from _of_object(cast("dict[Any, Any]", value), kinds)
    elif isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        if len(items) <= 100:
            parts = [contract.step(schema, index) or {} for index in range(len(items))]
            yield [_repaired(contract, part, item) for part, item in zip(parts, items, strict=True)]
            if kinds & {"number", "integer", "string", "boolean", "object"} and len(items) == 1:
                yield items[0]


def _repaired(contract: Contract, schema: Schema, value: Any) -> Any:
    if contract.fits(schema, value):
        return value
    found, better = repair(contract, schema, value)
    return better if found else value


def _of_text(text: str, options: Sequence[Schema], kinds: set[str]) -> Iterator[Any]:
    choices = [one for option in options for one in option.get("enum", [option["const"]] if "const" in option else [])]
    if choices:
        names = [one for one in choices if isinstance(one, str)]
        yield from nearest(text, names, most=1)
    plain = text.strip()
    if "boolean" in kinds and plain.lower() in _TRUTH:
        yield _TRUTH[plain.lower()]
    if kinds & {"number", "integer"}:
        if _NUMBER.fullmatch(plain):
            yield _tidy(float(plain))
        if match := _ANGLE.match(plain):
            yield _tidy(round(math.degrees(float(match[1])) if match[2].startswith("rad") else float(match[1]), 6))
    if plain[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            yield json.loads(plain)
    if "array" in kinds:
        if _SEPARATED.match(plain):
            yield [_tidy(float(one)) for one in _NUMBER.findall(plain)]
        yield [one.strip() for one in plain.split(",")]


def _of_number(value: float, options: Sequence[Schema], kinds: set[str]) -> Iterator[Any]:
    if not math.isfinite(value):
        return
    if "boolean" in kinds and value in (0, 1):
        yield bool(value)
    if kinds & {"integer", "number"}:
        yield _tidy(value)
    elif "string" in kinds:
        yield str(value)
    for option in options:
        if option.get("type") == "array" and option.get("minItems", 0) < 2:
            yield [_tidy(value)]


def _of_object(value: dict[Any, Any], kinds: set[str]) -> Iterator[Any]:
    lowered = {str(key).lower(): item for key, item in value.items()}
    if "array" in kinds and len(lowered) <= 4:
        for names in _NAMED:
            if set(lowered) == set(names):
                yield [lowered[one] for one in names]
        yield [value]
    if kinds & {"string", "integer", "number"} and set(lowered) <= {"name", "value", "id"} and len(lowered) == 1:
        yield next(iter(lowered.values()))


def _tidy(value: float) -> float:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value
