"""Who may import what: the core no adapter, adapters the public surface, applications the standard library."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "src" / "cadgate"
ADAPTERS = {name: ROOT / "adapters" / name / "src" / f"cadgate_{name}" for name in ("blender", "freecad")}
PUBLIC = {"cadgate.plugin"}
APPLICATION = {
    "blender": {"bpy", "bmesh", "mathutils", "numpy", "idprop"},
    "freecad": {
        "FreeCAD", "Part", "Mesh", "MeshPart", "Import", "importDXF", "importSVG", "Sketcher", "PartDesign", "Draft",
        "TechDraw", "draftobjects", "BOPTools", "DraftVecUtils", "Drawing", "xml",
    },
}  # fmt: skip


def files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*.py") if "templates" not in path.parts)
    assert found, f"nothing in {folder}"
    return found


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def test_the_core_imports_no_adapter() -> None:
    for path in files(CORE):
        assert not [name for name in imports(path) if name.startswith("cadgate_")], path


@pytest.mark.parametrize("name", list(ADAPTERS))
def test_an_adapter_imports_the_public_surface_and_no_other_adapter(name: str) -> None:
    own = f"cadgate_{name}"
    for path in files(ADAPTERS[name]):
        if "app" in path.relative_to(ADAPTERS[name]).parts:
            continue
        for module in imports(path):
            if module.split(".")[0] == "cadgate":
                assert module in PUBLIC, f"{path} imports {module}"
            if module.startswith("cadgate_"):
                assert module.split(".")[0] == own, f"{path} imports {module}"
                assert f"{own}.app" not in module, f"{path} imports the half that runs inside the application"


@pytest.mark.parametrize("name", list(ADAPTERS))
def test_the_half_inside_an_application_needs_the_standard_library_and_that_application_only(name: str) -> None:
    allowed = {*sys.stdlib_module_names, *APPLICATION[name]}
    for path in files(ADAPTERS[name] / "app"):
        for module in imports(path):
            if module in ("cadgate.appserver", "cadgate.appserver.boot") or module.startswith(f"cadgate_{name}.app"):
                continue
            assert module.split(".")[0] in allowed, f"{path} imports {module}"


def test_the_server_inside_applications_needs_the_standard_library_only() -> None:
    for path in files(CORE / "appserver"):
        for module in imports(path):
            if not module.startswith("cadgate.appserver"):
                assert module.split(".")[0] in sys.stdlib_module_names, f"{path} imports {module}"


@pytest.mark.parametrize("folder", [CORE / "appserver", *(path / "app" for path in ADAPTERS.values())])
def test_what_runs_inside_applications_is_python_3_8(folder: Path) -> None:
    for path in files(folder):
        ast.parse(path.read_text(), filename=str(path), feature_version=(3, 8))
