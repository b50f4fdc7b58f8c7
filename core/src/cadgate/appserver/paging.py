"""Pages of lists, in the application: describe only what was requested."""

from __future__ import annotations

from typing import Any, Callable, Sequence, TypeVar

T = TypeVar("T")


def page(
    items: Sequence[T], describe: Callable[[T], dict[str, Any]], *, limit: int, offset: int, fields: str | None
) -> dict[str, Any]:
    """Return `{"objects", "total"}` for `items[offset:offset + limit]`. The gateway has checked `fields`."""
    described = [describe(item) for item in items[offset : offset + limit]]
    if fields is not None:
        wanted = [field.strip() for field in fields.split(",")]
        described = [{field: whole[field] for field in wanted if field in whole} for whole in described]
    return {"objects": described, "total": len(items)}
