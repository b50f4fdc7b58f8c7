"""Collects what is left out of a file while it is rewritten, for the warnings of the answer."""

from __future__ import annotations

import importlib.util

from cadgate_freecad.app.restoring import lists

_SOME = 8
"""How many names a warning lists."""
_TRUST = "To open the file as it is, send trusted=true with a key that has the scope execute"


def some(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - _SOME} more" if len(names) > _SOME else ""
    return ", ".join(names[:_SOME]) + more


class Leavings:
    """What was left out, with the object that had it."""

    def __init__(self) -> None:
        self._code: list[str] = []
        self._missing_code: list[str] = []
        self._files: list[str] = []
        self._expressions: list[str] = []
        self._properties: list[str] = []
        self._bare: list[str] = []
        self._gone: list[str] = []

    def code(self, owner: str, name: str, module: str, name_of_class: str) -> None:
        """Record a Python object of a class that is not restored."""
        if name == "Proxy" and module and not _is_installed(module):
            self._missing_code.append(f"{owner!r} (module {module})")
        else:
            of = f" {module}.{name_of_class}" if module else ""
            self._code.append(f"{_said(owner)} ({name}{of})")

    def file(self, owner: str, name: str) -> None:
        """Record a property that names a file outside the package."""
        self._files.append(f"{_said(owner)} ({name})")

    def expression(self, owner: str, path: str, why: str) -> None:
        """Record an expression that is not arithmetic."""
        self._expressions.append(f"{_said(owner)} ({path}: it {why})")

    def property(self, owner: str, what: str) -> None:
        """Record something that is not known to be data."""
        self._properties.append(f"{_said(owner)} ({what})")

    def unknown(self, owner: str, name: str, kind: str) -> None:
        """Record a property of a kind that is not known to be data."""
        self._properties.append(f"{_said(owner)} ({name}, a {kind})")

    def bare(self, owner: str, kind: str) -> None:
        """Record an object of which only the geometry is restored."""
        self._bare.append(f"{owner!r} ({kind})")

    def gone(self, owner: str, kind: str) -> None:
        """Record an object that is not restored at all."""
        self._gone.append(f"{owner!r} ({kind})")

    def warnings(self) -> list[dict[str, str]]:
        """Return one warning for each kind of loss."""
        kinds = (
            ("code_left_out", "Code in the file was not restored; these objects stay as they are", self._code),
            ("objects_left_out", "Objects that are more than data were not restored", self._gone),
            ("bare_geometry", "Only the stored geometry was restored of objects that are more than data", self._bare),
            ("properties_left_out", "Properties that are more than data were not restored", self._properties),
            ("expressions_left_out", "Expressions were not restored; the values stay as they are", self._expressions),
            ("files_left_out", "Names of other files were not restored", self._files),
        )
        found = [{"code": code, "message": f"{text}: {some(names)}. {_TRUST}"} for code, text, names in kinds if names]
        if self._missing_code:
            text = "The code of some objects is not installed here; they stay as they are and do not follow changes: "
            found.append({"code": "code_missing", "message": text + some(self._missing_code)})
        return found


def _said(owner: str) -> str:
    return repr(owner) if owner else "the document"


def _is_installed(module: str) -> bool:
    """Return whether a module of this name can be found, without importing anything."""
    top = module.split(".")[0]
    try:
        return top.isidentifier() and importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def reason(kind: str) -> str:
    """Return why objects of this type are not restored, as the end of a sentence."""
    return lists.LEFT_OUT.get(kind) or lists.LEFT_OUT_MODULES.get(kind.split("::")[0]) or "it is unknown here"
