"""Pages of lists: the parameters of a request, and the shape of the result."""

from __future__ import annotations

import re
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, Field

from cadgate.models.common import Params
from cadgate.models.responses import Result

T = TypeVar("T")


_FIELDS = r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*(,\s*[A-Za-z_][A-Za-z0-9_]*\s*)*$"


def _fields(value: str | None) -> str | None:
    if value is not None and not re.match(_FIELDS, value):
        raise ValueError(f"fields {value!r} is not a comma-separated list of field names")
    return value


class Page(Params):
    """The part of a list to return: skip `offset` objects, return at most `limit`."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0)] = 0
    fields: Annotated[Annotated[str, Field(json_schema_extra={"pattern": _FIELDS})] | None, AfterValidator(_fields)] = (
        Field(None, description="Comma-separated names: return only these fields.", examples=["name,revision"])
    )


class ObjectPage(Result, Generic[T]):
    """A page of objects, and their total number. With `fields`, the objects have only those."""

    objects: list[T | dict[str, Any]]
    total: int
