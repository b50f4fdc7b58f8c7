"""One part: made in FreeCAD through the gateway, changed, measured, exported, imported, and compared at each step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.truth import kernel, membership, part_files
from tests.truth.kernel import CannotBuild, Measures
from tests.truth.outcome import Outcome, Refused
from tests.truth.parts import Change, Maker, Recipe, Step, changed

PROPERTIES = {
    "length": "Length",
    "width": "Width",
    "height": "Height",
    "radius": "Radius",
    "circumradius": "Circumradius",
}
POINTS = 20_000
ALLOWED = {"degenerate_result", "limit_exceeded"}
"""Codes by which a right request may be refused: the kernel failed, and the answer says so."""
NOT_GIVEN_OUT = "does not match the objects"
"""How the gateway refuses a file that FreeCAD itself reads as something else than it wrote."""
DEFLECTION = 0.1
MEASURED_BADLY = 1e-2
"""How exact volumes are that the gateway warns of (`uncertain_measures`)."""


class Disagreement(Exception):
    """What was answered is not what another program finds."""


class PartCase:
    """A recipe and how it is tried."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.label = recipe.seed
        self._made: tuple[Step, ...] = ()
        """The steps as they are now, after those changes that were accepted."""

    @classmethod
    def draw(cls, seed: int, number: int) -> PartCase:
        return cls(Maker(seed, number).recipe())

    # --- trying --------------------------------------------------------------------------------------------------

    def run(self, api: httpx.Client, folder: Path) -> Outcome:
        document = _ask(api, "POST", "/documents", {"name": "Net"})["name"]
        _ask(api, "POST", f"/documents/{document}/activate")
        try:
            return self._run(api, folder)
        except Disagreement as error:
            if _is_refuted(self._made, self.recipe.part):
                return Outcome("unjudged", self._family(), str(error))
            return Outcome("disagree", self._family(), str(error))
        finally:
            for each in _ask(api, "GET", "/documents")["documents"]:
                _ask(api, "DELETE", f"/documents/{each['name']}")

    def _run(self, api: httpx.Client, folder: Path) -> Outcome:
        refusals: list[str] = []
        warnings: list[str] = []
        steps: list[Step] = []
        part = self.recipe.part
        for step in self.recipe.steps:
            try:
                answer = _make(api, step)
            except Refused as error:
                self._refused_rightly(error, [*steps, step])
                return Outcome("refused", f"{step.kind}: {error.code}", error.message)
            steps.append(step)
            self._made = tuple(steps)
            warnings += _codes(answer)
        self._compare(_ask(api, "GET", f"/objects/{part}"), steps, warnings, "made")
        for change in self.recipe.changes:
            try:
                answer = _change(api, change)
            except Refused as error:
                if error.code not in ALLOWED:
                    raise Disagreement(f"the change {change} is refused: {error}") from error
                refusals.append(f"change of {change.step}: {error.code}")
            else:
                steps = list(changed(replace(self.recipe, steps=tuple(steps), changes=(change,))))
                self._made = tuple(steps)
                warnings += _codes(answer)
            self._compare(_ask(api, "GET", f"/objects/{part}"), steps, warnings, "changed")
        expected = _expected(tuple(steps), part)
        if expected is not None:
            try:
                self._files(api, folder, expected, warnings)
            except Refused as error:
                if error.code not in ALLOWED and NOT_GIVEN_OUT not in error.message:
                    raise Disagreement(f"{self.recipe.format} is refused: {error}") from error
                refusals.append(f"{self.recipe.format}: {error.code}")
        if refusals:
            return Outcome("refused", refusals[0])
        if "disagreement explained" in warnings:
            return Outcome("warned", self._family(), ", ".join(warnings))
        return Outcome("agree", self._family())

    def _family(self) -> str:
        return next(step.kind for step in reversed(self.recipe.steps))

    def _refused_rightly(self, error: Refused, steps: list[Step]) -> None:
        """An error may say that the kernel failed; it may not claim what is not so."""
        if error.code not in ALLOWED:
            raise Disagreement(f"{steps[-1].kind} is refused: {error}")
        if "would be empty" in error.message:
            inside = membership.build(steps).get(steps[-1].name)
            near = _first_input(tuple(steps), steps[-1])
            if inside is not None and near is not None and near.solids:
                counted, deviation = _counted(inside, near)
                if counted > 0.01 and counted > 4 * deviation:
                    raise Disagreement(f"{steps[-1].kind} is called empty: {counted:.3f} mm³ are inside by counting")

    def _compare(self, told: dict[str, Any], steps: list[Step], warnings: list[str], when: str) -> None:
        expected = _expected(tuple(steps), self.recipe.part)
        if expected is None:
            return
        warnings += _codes(told)
        try:
            _same(told, expected, when)
        except Disagreement:
            if not warnings:
                raise
            warnings.append("disagreement explained")

    def _files(self, api: httpx.Client, folder: Path, expected: Measures, warnings: list[str]) -> None:
        format, part = self.recipe.format, self.recipe.part
        if "uncertain_measures" in warnings:
            expected = replace(expected, precision=MEASURED_BADLY)
        exported = _ask(api, "POST", "/export", {"objects": [part], "format": format, "linear_deflection": DEFLECTION})
        path = folder / f"part.{format}"
        content = api.get("/" + exported["artifact"]["url"].split("/api/v1/", 1)[1])
        path.write_bytes(content.raise_for_status().content)
        warned = _codes(exported)
        if format in part_files.EXACT:
            _near(part_files.read_exact(format, path, part), expected, f"{format} file", 1e-3)
        elif format == "iges":
            found = part_files.read_exact(format, path, part)
            _close(f"{format} file: area", found.area, expected.area, 1e-3 * expected.area)
            for axis in range(3):
                _close(
                    f"{format} file: lower end on axis {axis}",
                    found.low[axis],
                    expected.low[axis],
                    1e-2 + expected.slack,
                )
                _close(
                    f"{format} file: upper end on axis {axis}",
                    found.high[axis],
                    expected.high[axis],
                    1e-2 + expected.slack,
                )
        else:
            _check_mesh(format, path, expected, warned)
        imported = api.post("/freecad/import", files={"file": (path.name, path.read_bytes())})
        if imported.status_code != 200 and imported.status_code != 201:
            raise Disagreement(f"its own {format} is not imported: {Refused(imported)}")
        objects = imported.json()["result"]["objects"]
        if format != "fcstd":
            self._imported(objects, expected)
        _ask(api, "DELETE", f"/artifacts/{exported['artifact']['id']}", root=True)

    def _imported(self, objects: list[dict[str, Any]], expected: Measures) -> None:
        format = self.recipe.format
        slack = DEFLECTION * 2 if format not in (*part_files.EXACT, "iges") else 1e-3
        slack += expected.slack
        boxes = [each["bounding_box"] for each in objects if each["bounding_box"]]
        for axis in range(3):
            low, high = min(box["min"][axis] for box in boxes), max(box["max"][axis] for box in boxes)
            _close(f"imported {format}: lower end on axis {axis}", low, expected.low[axis], slack)
            _close(f"imported {format}: upper end on axis {axis}", high, expected.high[axis], slack)
        if format in part_files.EXACT:
            volume = sum(each["volume"] or 0 for each in objects)
            _close(f"imported {format}: volume", volume, expected.volume, expected.precision * expected.volume + 1e-3)

    # --- shrinking -----------------------------------------------------------------------------------------------

    def smaller(self) -> Iterator[PartCase]:
        recipe = self.recipe
        if recipe.changes:
            yield PartCase(replace(recipe, changes=()))
        solid = [s for s in recipe.steps if s.kind not in ("sketch", "body", "pad", "pocket") and s.name != recipe.part]
        for step in reversed(solid):
            kept = _needed(recipe.steps, step.name)
            names = {one.name for one in kept}
            changes = tuple(one for one in recipe.changes if one.step in names)
            yield PartCase(replace(recipe, steps=kept, part=step.name, changes=changes))
        for index, step in enumerate(recipe.steps):
            for key, plain in (("rotation", None), ("location", None), ("angle", 360.0)):
                if key in step.params and step.params[key] != plain:
                    params = {name: value for name, value in step.params.items() if name != key}
                    steps = (*recipe.steps[:index], replace(step, params=params), *recipe.steps[index + 1 :])
                    yield PartCase(replace(recipe, steps=steps))

    def script(self) -> str:
        lines = ["POST /freecad/" + path + " " + json.dumps(body) for path, body in map(_call, self.recipe.steps)]
        lines += [f"PATCH /freecad/objects/{c.step} " + json.dumps(_patch(c)) for c in self.recipe.changes]
        body = {"objects": [self.recipe.part], "format": self.recipe.format}
        return "\n".join(
            [*lines, f"GET /freecad/objects/{self.recipe.part}", "POST /freecad/export " + json.dumps(body)]
        )


def _needed(steps: tuple[Step, ...], name: str) -> tuple[Step, ...]:
    wanted = {name}
    for step in reversed(steps):
        if step.name in wanted:
            wanted.update(step.inputs)
            if "body" in step.params:
                wanted.add(step.params["body"])
        elif step.kind in ("pad", "pocket"):
            body = next(one for one in steps if one.name == step.inputs[0]).params["body"]
            if body in wanted:
                wanted.update((step.name, *step.inputs))
    return tuple(step for step in steps if step.name in wanted)


# --- calls -----------------------------------------------------------------------------------------------------------


def _call(step: Step) -> tuple[str, dict[str, Any]]:
    body = {"name": step.name, **step.params}
    if step.kind in ("sketch", "body"):
        return {"sketch": "sketches", "body": "bodies"}[step.kind], body
    if step.kind in ("pad", "pocket"):
        return f"features/{step.kind}", {**body, "sketch": step.inputs[0]}
    if step.kind in ("union", "subtract", "intersect"):
        return f"boolean/{step.kind}", {**body, "objects": list(step.inputs)}
    if step.inputs:
        return f"features/{step.kind}", {**body, "object": step.inputs[0]}
    return f"primitives/{step.kind}", body


def _make(api: httpx.Client, step: Step) -> dict[str, Any]:
    path, body = _call(step)
    return _ask(api, "POST", "/" + path, body)


def _patch(change: Change) -> dict[str, Any]:
    own = {PROPERTIES[key]: value for key, value in change.params.items() if key in PROPERTIES}
    placed = {key: value for key, value in change.params.items() if key not in PROPERTIES}
    return {**placed, **({"properties": own} if own else {})}


def _change(api: httpx.Client, change: Change) -> dict[str, Any]:
    return _ask(api, "PATCH", f"/objects/{change.step}", _patch(change))


def _ask(api: httpx.Client, verb: str, path: str, body: Any = None, *, root: bool = False) -> dict[str, Any]:
    response = api.request(verb, path if root else "/freecad" + path, json=body)
    if response.status_code >= 500:
        raise Disagreement(f"{verb} {path}: {response.status_code} {response.text[:300]}")
    if response.status_code >= 400:
        raise Refused(response)
    return response.json()["result"]


def _codes(answer: dict[str, Any]) -> list[str]:
    return [one["code"] for one in answer.get("warnings") or ()]


# --- comparing -------------------------------------------------------------------------------------------------------


def _expected(steps: tuple[Step, ...], part: str) -> Measures | None:
    """By the second kernel, if counting points agrees with it; None where there is nothing to compare with."""
    try:
        found = kernel.measure(kernel.build(steps)[part])
    except CannotBuild:
        return None
    inside = membership.build(steps).get(part)
    last = next(step for step in steps if step.name == part)
    overlapping = last.kind.endswith("_pattern") and not last.params.get("fuse")
    if inside is not None and not overlapping:
        near = found if found.solids else _first_input(steps, last)
        if near is None:
            return found
        counted, deviation = _counted(inside, near)
        if abs(counted - found.volume) > 4 * deviation + 1e-3 * found.volume:
            return None
    return found


def _first_input(steps: tuple[Step, ...], step: Step) -> Measures | None:
    """Measure what a step is made from: where the kernel finds nothing, whatever it should have found lies in there."""
    try:
        return kernel.measure(kernel.build(steps)[step.inputs[0]])
    except (CannotBuild, KeyError, IndexError):
        return None


def _counted(inside: membership.Inside, near: Measures) -> tuple[float, float]:
    pad = [0.1 + 0.02 * (high - low) for low, high in zip(near.low, near.high, strict=True)]
    low = [value - more for value, more in zip(near.low, pad, strict=True)]
    high = [value + more for value, more in zip(near.high, pad, strict=True)]
    return membership.counted_volume(inside, low, high, POINTS)


def _is_refuted(steps: tuple[Step, ...], part: str) -> bool:
    """Whether the second kernel has lost a piece: points are inside the part, and outside the box that it gives."""
    try:
        found = kernel.measure(kernel.build(steps)[part])
    except (CannotBuild, KeyError):
        return False
    inside = membership.build(steps).get(part)
    if inside is None or not found.solids:
        return False
    low, high = np.array(found.low), np.array(found.high)
    reach = (high - low).max() / 2
    points = np.random.default_rng(1).uniform(low - reach, high + reach, (40 * POINTS, 3))
    beyond = ((points < low - 0.01) | (points > high + 0.01)).any(axis=1)
    return bool(inside(points[beyond]).any())


def _close(what: str, found: float, expected: float, slack: float) -> None:
    if not abs(found - expected) <= slack:
        raise Disagreement(f"{what}: {found:.6g} instead of {expected:.6g}")


def _same(told: dict[str, Any], expected: Measures, when: str) -> None:
    if expected.solids == 0:
        if (told["volume"] or 0) > 1e-6:
            raise Disagreement(f"{when}: {told['volume']:.6g} mm³ where nothing is solid")
        return
    box, center = told["bounding_box"], told["center_of_mass"]
    found = Measures(told["volume"], told["area"], tuple(center), tuple(box["min"]), tuple(box["max"]), 0)
    _near(found, expected, when, 1e-3)


def _near(found: Measures, expected: Measures, what: str, slack: float) -> None:
    _close(f"{what}: volume", found.volume, expected.volume, expected.precision * expected.volume + 1e-3)
    _close(f"{what}: area", found.area, expected.area, max(1e-3, expected.precision) * expected.area)
    boxed = slack + expected.slack + found.slack
    centred = 5 * slack
    if expected.precision >= MEASURED_BADLY:
        centred += expected.precision * max(high - low for low, high in zip(expected.low, expected.high, strict=True))
    for axis in range(3):
        _close(f"{what}: centre on axis {axis}", found.center[axis], expected.center[axis], centred)
        _close(f"{what}: lower end on axis {axis}", found.low[axis], expected.low[axis], boxed)
        _close(f"{what}: upper end on axis {axis}", found.high[axis], expected.high[axis], boxed)


def _check_mesh(format: str, path: Path, expected: Measures, warned: list[str]) -> None:
    points, faces = part_files.read_mesh(format, path)
    if format == "stl":
        points, faces = part_files.merged(points, faces)
    what = f"{format} file"
    slack = DEFLECTION * 1.5 + 1e-3 + expected.slack
    for axis in range(3):
        _close(f"{what}: lower end on axis {axis}", points[:, axis].min(), expected.low[axis], slack)
        _close(f"{what}: upper end on axis {axis}", points[:, axis].max(), expected.high[axis], slack)
    loose = part_files.open_edges(faces)
    if loose and "not_watertight" not in warned:
        raise Disagreement(f"{what}: {loose} open edges without a warning")
    if not loose:
        volume = part_files.signed_volume(points, faces)
        _close(f"{what}: volume", volume, expected.volume, DEFLECTION * expected.area + 1e-3 * expected.volume)
        if "not_watertight" in warned and part_files.is_manifold(faces):
            raise Disagreement(f"{what}: called open, but it is closed")
