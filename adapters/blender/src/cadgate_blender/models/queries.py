"""Queries of routes that change something and accept a file as their body."""

from __future__ import annotations

from typing import Any, cast

from pydantic import model_validator

from cadgate.plugin import Params


class ChangeQuery(Params):
    """Base of such queries. It ignores `dry_run`, which every route that changes something accepts."""

    @model_validator(mode="before")
    @classmethod
    def _without_dry_run(cls, data: object) -> object:
        if isinstance(data, dict):
            values = cast("dict[str, Any]", data)
            return {name: value for name, value in values.items() if name != "dry_run"}
        return data
