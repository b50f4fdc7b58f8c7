"""Limits expressions to arithmetic. FreeCAD's reach Python's modules, and any object's attributes."""

from __future__ import annotations

import re

from cadgate_freecad.app.restoring.lists import words

FUNCTIONS = words(
    "abs acos asin atan atan2 average cath cbrt ceil cos cosh count create exp floor hiddenref href hypot list log "
    "log10 matrix max min minvert mod mrotate mrotatex mrotatey mrotatez mscale mscalex mscaley mscalez mtranslate "
    "not and or parsequant placement pow rotation rotationx rotationy rotationz round sin sinh sqrt stddev str sum "
    "tan tanh translationm translationx translationy translationz trunc tuple vangle vcross vdot vector "
    "vlinedist vlineproj vlinesegdist vnormalize vplanedist vplaneproj vscale vscalex vscaley vscalez"
)
"""FreeCAD's own functions. A call of anything else is not arithmetic."""

_OWN = frozenset(("_shape", "_pla", "_matrix", "__pla", "__matrix"))
"""Names with an underscore for the shape and the place of an object."""
_FORBIDDEN = frozenset(("Proxy", "ExtensionProxy", "ViewObject", "Document"))
_STRING = re.compile(r"<<((?:[^>\\]|\\.|>(?!>))*)>>")
_NAME = re.compile(r"[^\W\d]\w*")
_CALL = re.compile(r"([^\W\d]\w*)\s*\(")
_PATH = re.compile(r"\.?[^\W\d]\w*(?:\.[^\W\d]\w*|\[-?\d+\]|\[<<[^<>\\]*>>\]|\.<<[^<>\\]*>>)*\Z")
MAX_LENGTH = 100_000


def objection(text: str) -> str | None:
    """Return what in an expression is not arithmetic with values of its document, as the end of a sentence."""
    if len(text) > MAX_LENGTH:
        return f"has more than {MAX_LENGTH} characters"
    for quoted in _STRING.finditer(text):
        if _forbidden(quoted[1].strip()):
            return f"refers to {quoted[1].strip()!r}, which leads to Python"
    bare = _STRING.sub(" ", text)
    if "<<" in bare or ">>" in bare:
        return "contains text without a closing quotation mark"
    if "#" in bare:
        return "refers to another document"
    for called in _CALL.finditer(bare):
        if called[1].lower() not in FUNCTIONS:
            return f"calls {called[1]!r}, which is not one of FreeCAD's functions"
    for name in _NAME.findall(bare):
        if _forbidden(name):
            return f"refers to {name!r}, which leads to Python"
    return None


def path_objection(path: str) -> str | None:
    """Return why an expression may not set `path` (`Placement.Base.x`), as the end of a sentence."""
    if not _PATH.match(path):
        return "sets something that is not a property"
    for name in _NAME.findall(path):
        if name.startswith("_") or name in _FORBIDDEN:
            return f"sets {name!r}, which is not a value of the model"
    return None


def _forbidden(name: str) -> bool:
    return name in _FORBIDDEN or (name.startswith("_") and name not in _OWN)
