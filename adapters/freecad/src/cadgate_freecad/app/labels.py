"""Labels that a saved document cannot hold: XML has no control characters, but FreeCAD writes them."""

from __future__ import annotations

import re
from typing import Any

import FreeCAD

from cadgate.appserver import warn
from cadgate_freecad.app import attributes
from cadgate_freecad.app.observer import OBSERVER

UNSAVABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def savable(label: str) -> str:
    """Return the label with the characters replaced that no document can hold."""
    return UNSAVABLE.sub("\N{REPLACEMENT CHARACTER}", label)


def fix_labels() -> None:
    """Replace characters in labels, from code or an imported file, that would make the saved document unreadable."""
    documents: dict[str, Any] = FreeCAD.listDocuments()
    for document, name in list(OBSERVER.events):
        obj = documents[document].getObject(name) if document in documents else None
        if obj is not None and UNSAVABLE.search(attributes.prop(obj, "Label")):
            obj.Label = savable(obj.Label)
            warn(
                "label_changed",
                f"The label of {name!r} had characters that no document can hold: it is now {obj.Label!r}",
            )
    for document in documents.values():
        if UNSAVABLE.search(document.Label):
            document.Label = savable(document.Label)
