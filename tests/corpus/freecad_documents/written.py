"""Run by freecadcmd: writes an FCStd for each function of `solids` and `others` into CORPUS, and measures.json."""

import json
import os
import sys
import traceback

import FreeCAD as App

sys.path.insert(0, os.environ["REPOSITORY"])

from tests.corpus.freecad_documents import others, solids  # noqa: F401 - they register what they make
from tests.corpus.freecad_documents.making import MADE

FOLDER = os.environ["CORPUS"]
ENDLESS = ("App::Line", "App::Plane", "App::Point")
"""The axes and planes of an origin: from 1.0 they have shapes without an end, which have no sizes."""


def measures(d):
    told = {}
    for obj in d.Objects:
        shape = getattr(obj, "Shape", None)
        entry = {"label": obj.Label, "type": obj.TypeId}
        if shape is not None and not shape.isNull() and obj.TypeId not in ENDLESS:
            entry["volume"] = shape.Volume
            entry["area"] = shape.Area
        told[obj.Name] = entry
    return told


def run():
    told = {}
    for name, function in MADE.items():
        try:
            document = App.newDocument(name)
            function(document)
            document.recompute()
            document.saveAs(os.path.join(FOLDER, name + ".FCStd"))
            told[name] = measures(document)
        except Exception:  # noqa: BLE001 - the test fails, and shows it
            told[name] = {"failed": traceback.format_exc()}
        App.closeDocument(name)
    with open(os.path.join(FOLDER, "measures.json"), "w") as file:
        json.dump(told, file)


run()
sys.stdout.flush()
os._exit(0)
