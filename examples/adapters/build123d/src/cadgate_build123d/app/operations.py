"""Booleans and fillets: each is checked before it is kept, and reported on the topic `build`."""

from __future__ import annotations

from typing import Any

import build123d as b3d

from cadgate.appserver import AppError, about_to_change, current, method
from cadgate_build123d.app.document import chosen, describe, host, put, shape

AXES = {"x": b3d.Axis.X, "y": b3d.Axis.Y, "z": b3d.Axis.Z}


def _checked(made: Any, what: str) -> Any:
    """Return the solid. Raises AppError if it is not one."""
    solids = made.solids() if made is not None else []
    if not solids or made.volume <= 0:
        raise AppError("degenerate_result", f"{what} leaves no solid")
    if not all(each.is_valid for each in solids):
        raise AppError("degenerate_result", f"{what} gives a solid that OpenCASCADE calls invalid")
    return solids[0] if len(solids) == 1 else b3d.Compound(children=None, label="", obj=list(solids))


def _report(step: str, made: dict[str, Any]) -> dict[str, Any]:
    summary = {key: made[key] for key in ("name", "volume", "faces")}
    host().emit("build", {"step": step, "request_id": current().request_id, **summary})
    return made


@method("operations.boolean")
def boolean(*, name: str | None, on_conflict: str, operation: str, objects: list[str]) -> dict[str, Any]:
    first, *others = [shape(each) for each in objects]
    if len(set(objects)) < len(objects):
        raise AppError("validation_error", f"objects names a solid twice: {objects!r}", {"objects": objects})
    name = chosen(name, on_conflict, operation.capitalize())
    about = f"The {operation} of {', '.join(map(repr, objects))}"
    made = first
    for other in others:
        made = made + other if operation == "fuse" else made - other if operation == "cut" else made & other
        if made is None or not made.solids():
            raise AppError("degenerate_result", f"{about} leaves no solid", {"objects": objects})
    made = _checked(made, about)
    most = min if operation == "common" else sum
    bound = first.volume if operation == "cut" else most([each.volume for each in (first, *others)])
    if made.volume > bound * (1 + 1e-6):
        raise AppError("degenerate_result", f"{about} is too large to be right: {made.volume:g} mm³, above {bound:g}")
    about_to_change()
    return _report(operation, put(name, made))


@method("operations.fillet")
def fillet(*, name: str, radius: float, along: str) -> dict[str, Any]:
    solid = shape(name)
    edges = solid.edges() if along == "all" else solid.edges().filter_by(AXES[along])
    if not edges:
        raise AppError("validation_error", f"{name!r} has no edge along {along}", {"along": along})
    try:
        made = b3d.fillet(edges, radius)
    except Exception as error:  # OpenCASCADE raises anything if a radius is too large
        raise AppError(
            "degenerate_result",
            f"{len(edges)} edges of {name!r} cannot be rounded by {radius:g} mm; send a smaller radius, or fewer edges",
            {"name": name, "radius": radius, "edges": len(edges)},
        ) from error
    made = _checked(made, f"A radius of {radius:g} mm")
    about_to_change(describe(name)["revision"])
    return _report("fillet", put(name, made))
