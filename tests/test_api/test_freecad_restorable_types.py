"""Every type and property that FreeCAD has is decided about: restored because it is data, or left out with a reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from cadgate_freecad.app.restoring import lists
from tests.wheels import ROOT

pytestmark = pytest.mark.security

PATHS = ("App::PropertyFile", "App::PropertyFileIncluded", "App::PropertyPath")
LINKS = ("App::PropertyXLink", "App::PropertyXLinkSub", "App::PropertyXLinkSubList", "App::PropertyXLinkList")
LINKS += ("App::PropertyXLinkSubHidden",)
CODE = ("App::PropertyPythonObject", "App::PropertyExpressionEngine", "Spreadsheet::PropertySheet")
DECIDED_PROPERTIES = {
    **dict.fromkeys(PATHS[:1] + PATHS[2:], "the name is left out"),
    PATHS[1]: "only parts of the package, by a name without a folder",
    **dict.fromkeys(LINKS, "only within the document; another file refuses the package"),
    CODE[0]: "nothing, JSON, or a class of the short list with its own state",
    CODE[1]: "arithmetic only",
    CODE[2]: "arithmetic only; another formula refuses the package",
}
TEXTS = {
    *("Label", "Label2", "AttacherType", "FaceMakerClass", "LinkExecute"),
    # words that people read, numbers as text, names of single parts
    *("LabelText", "Text", "Caption", "Role", "License", "LicenseURL", "Id", "Type", "MaterialName", "CenterText"),
    *("LeftText", "RightText", "TailText", "AnnoText", "SectionSymbol", "Reference", "FormatSpec", "NamePattern"),
    *("NameGeomPattern", "FormatSpecOverTolerance", "FormatSpecUnderTolerance", "CosmeticTags", "ReferenceTags"),
    *("CellStart", "CellEnd", "EditableTexts", "BoundaryFaces", "UnboundFaces", "OperationType"),
    # names of columns, and of properties that a list of parts shows
    "columnsNames",
    # drawings as text, which are put into pages and not run
    "Symbol",
}
"""The texts that objects which are restored have. A new one is looked at before it is added here."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The types and properties of the FreeCAD that is here."""
    out = tmp_path_factory.mktemp("types") / "types.json"
    command = shutil.which("freecadcmd") or shutil.which("FreeCADCmd") or os.environ["FREECAD_CMD"]
    script = ROOT / "tests" / "freecad_introspection.py"
    environment = {**os.environ, "OUT": str(out), "HOME": str(out.parent)}
    subprocess.run([command, str(script)], env=environment, capture_output=True, timeout=200, check=False)
    return json.loads(out.read_text())


def test_every_type_is_restored_or_left_out_with_a_reason(known: dict[str, Any]) -> None:
    modules = lists.LEFT_OUT_MODULES
    undecided = [
        kind
        for kind in known["types"]
        if kind not in lists.TYPES and kind not in lists.LEFT_OUT and kind.split("::")[0] not in modules
    ]
    assert undecided == []
    assert len(known["types"]) > 300, "workbenches were not loaded"
    both = [kind for kind in lists.TYPES if kind in lists.LEFT_OUT or kind.split("::")[0] in modules]
    assert both == []


def test_every_kind_of_property_is_restored_or_left_out_with_a_reason(known: dict[str, Any]) -> None:
    kinds = {*known["properties"], *(of for told in known["types"].values() for of in (told or {}).values())}
    assert [kind for kind in sorted(kinds) if kind not in lists.PROPERTIES | lists.LEFT_OUT_PROPERTIES.keys()] == []


def test_whatever_may_name_a_file_or_code_is_decided_about(known: dict[str, Any]) -> None:
    words = ("File", "Path", "Python", "XLink", "Expression", "Sheet", "Persistent", "Url", "Script", "Code")
    kinds = {*known["properties"], *(of for told in known["types"].values() for of in (told or {}).values())}
    suspects = {kind for kind in kinds if any(word in kind.partition("Property")[2] for word in words)}
    decided = (
        DECIDED_PROPERTIES.keys() | lists.LEFT_OUT_PROPERTIES.keys() | {"Spreadsheet::PropertySpreadsheetQuantity"}
    )
    assert suspects - decided == set()


def test_every_text_of_a_type_that_is_restored_was_looked_at(known: dict[str, Any]) -> None:
    texts = {
        name: kind
        for kind, told in known["types"].items()
        if kind in lists.TYPES
        for name, of in (told or {}).items()
        if of in ("App::PropertyString", "App::PropertyStringList") and name not in TEXTS
    }
    assert texts == {}


def test_every_included_file_belongs_to_a_type_that_keeps_it_in_its_package(known: dict[str, Any]) -> None:
    """And the name of the file that it was copied from is of no more use."""
    for kind, told in known["types"].items():
        if kind not in lists.TYPES or told is None:
            continue
        named = [name for name, of in told.items() if of == "App::PropertyFile"]
        copies = {name for name, of in told.items() if of == "App::PropertyFileIncluded"}
        for name in named:
            if (kind, name) != ("TechDraw::DrawParametricTemplate", "Template"):
                assert lists.INCLUDED[name] in copies, (kind, name)


def test_the_decisions_name_nothing_twice() -> None:
    assert not lists.PROPERTIES & lists.LEFT_OUT_PROPERTIES.keys()
