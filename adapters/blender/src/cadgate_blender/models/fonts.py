"""Fonts: brought in from files, for texts."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from cadgate.plugin import Deleted, MayWarn, Method, Name, Page, Params, Result

FONT: dict[str, Any] = {"name": "Open Sans Bold", "users": 0}


class FontInfo(MayWarn):
    """A font."""

    model_config = ConfigDict(json_schema_extra={"examples": [FONT]})

    name: str = Field(description="Under which texts use it.")
    users: int = Field(description="How many texts use it.")


class FontName(Params):
    """The name of a font."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Open Sans Bold"}]})

    name: Name


class FontPage(Result):
    """Some of the fonts, and how many there are in total."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fonts": [FONT], "total": 1}]})

    fonts: list[FontInfo | dict[str, Any]]
    total: int


class FontParams(Params):
    """An artifact with a font."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"artifact": "0123456789abcdef0123456789abcdef"}]})

    artifact: str = Field(description="The id of an artifact with a font: .ttf, .otf, .ttc, .woff or .woff2.")


LIST = Method("fonts.list", Page, FontPage)
GET = Method("fonts.get", FontName, FontInfo)
DELETE = Method("fonts.delete", FontName, Deleted, mutates=True, revised=False)
ADD = Method(
    "fonts.add", FontParams, FontInfo, mutates=True, replay="snapshot", atomic=False, deadline="file", revised=False
)
