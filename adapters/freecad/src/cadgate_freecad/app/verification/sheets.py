"""Checks a sheet before it is written: every number on it is measured again, in another way where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cadgate.appserver import AppError

if TYPE_CHECKING:
    from cadgate_freecad.app.sheet_page import Sheet


def check(sheet: Sheet) -> None:
    """Raise AppError `command_failed` if a text on the sheet is not what the model measures."""
    for each in sheet.dimensions:
        if each["error"]:
            continue
        shown = float(each["text"].strip("ØR°").split(" ")[0])
        off = 0.00051 if abs(each["value"]) >= 0.1 else 1e-7 + 1e-4 * abs(each["value"])
        if abs(shown - each["value"]) > off + 1e-9 * abs(each["value"]):
            raise AppError("command_failed", f"The drawing says {each['text']!r} where the model has {each['value']:g}")
        if each["text"] not in {text.text for text in sheet.page.texts}:
            raise AppError("command_failed", f"The dimension {each['text']!r} is not on the sheet")
