"""Pages of lists, in the application: describe only what was requested."""

from __future__ import annotations

from typing import Any, Callable, Sequence, TypeVar

from cadgate.appserver.errors import AppError

T = TypeVar("T")


def page(
    items: Sequence[T], describe: Callable[[T], dict[str, Any]], *, limit: int, offset: int, fields: str | None
) -> dict[str, Any]:
    """Return `{"objects", "total"}` for `items[offset:offset + limit]`.

    Raises AppError `validation_error` for a field that the descriptions do not have.
    """
    described = [describe(item) for item in items[offset : offset + limit]]
    if fields is not None:
        wanted = [field.strip() for field in fields.split(",")]
        if described:
            unknown = [field for field in wanted if field not in described[0]]
            if unknown:
                known = ", ".join(described[0])
                raise AppError("validation_error", f"Unknown field {unknown[0]!r} in fields; known are {known}")
        described = [{field: whole[field] for field in wanted if field in whole} for whole in described]
    return {"objects": described, "total": len(items)}
