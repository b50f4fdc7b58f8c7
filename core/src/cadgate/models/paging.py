"""Pages of lists: the parameters of a request, and the shape of the result."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field

from cadgate.appserver.errors import nearest
from cadgate.models.common import Params
from cadgate.models.responses import Result, Warned

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
        Field(None, description="Comma-separated names: return only these fields.", examples=["name"])
    )


@cache
def fields_of(page: type[BaseModel]) -> frozenset[str]:
    """Return the fields that the items of a page may have; none if it is not a page."""
    listed = [field.annotation for field in page.model_fields.values() if get_origin(field.annotation) is list]
    items = [each for one in listed for item in get_args(one) for each in (item, *get_args(item))]
    models = [each for each in items if isinstance(each, type) and issubclass(each, BaseModel) and each is not Warned]
    return frozenset(name for each in models for name in each.model_fields)


def unknown_fields(params: BaseModel, page: type[BaseModel]) -> tuple[str, list[str]] | None:
    """Return why `fields` of a request for a page is wrong, and the fields that may be meant; None if it is right."""
    if not isinstance(params, Page) or params.fields is None:
        return None
    known = fields_of(page)
    unknown = [each for each in (one.strip() for one in params.fields.split(",")) if each not in known]
    if not known or not unknown:
        return None
    return f"unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}", nearest(unknown[0], known)


class ObjectPage(Result, Generic[T]):
    """A page of objects, and their total number. With `fields`, the objects have only those."""

    objects: list[T | dict[str, Any]]
    total: int
