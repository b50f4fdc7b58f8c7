"""Combines a path and a body into the parameters of a method, keeping which fields the client set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

P = TypeVar("P", bound=BaseModel)


def addressed(params: type[P], body: BaseModel, *, renames: Mapping[str, str] | None = None, **address: Any) -> P:
    """Return the `params` for a body that is already validated, with the names from the path.

    `renames` maps fields of the body to their names in the parameters.
    """
    names = renames or {}
    values = {names.get(field, field): getattr(body, field) for field in body.model_fields_set}
    return params.model_validate({**values, **address})
