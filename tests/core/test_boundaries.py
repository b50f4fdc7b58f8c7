"""What import-linter and vermin do not see: names of the public surface, texts, what fails on Python 3.8 at run time.

Who may import whom is in `.importlinter`, which Python the library's names need is checked by vermin; scripts/check.sh
runs both.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cadgate.appserver
import cadgate.plugin
import cadgate.testing
from cadgate.appserver import host
from cadgate.testing.conformance.suite import CAPABILITIES

ROOT = Path(__file__).parent.parent.parent
CORE = ROOT / "core" / "src" / "cadgate"
APPSERVER = CORE / "appserver"
ADAPTERS = sorted(path.parent for path in (ROOT / "adapters").glob("*/src/*/adapter.py"))
ADAPTERS.extend(sorted(path.parent for path in (ROOT / "examples" / "adapters").glob("*/src/*/adapter.py")))
ADAPTERS.append(ROOT / "tests" / "fakes" / "cadgate_fake")
STARTING = {"cadgate.appserver.boot", "cadgate.appserver.gui"}
"""For the scripts that start an application, and nobody else."""

Import = tuple[Path, int, str, str]
"""File, line, module, name ("" for the module itself)."""


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, also those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield path, node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            for alias in node.names:
                yield path, node.lineno, node.module or "", alias.name


def all_imports(folder: Path) -> list[Import]:
    return [each for path in sources(folder) for each in imports(path)]


def told(found: list[Import]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {module} {name}".strip() for path, line, module, name in found]


def test_there_is_something_to_look_at() -> None:
    assert [path.name for path in ADAPTERS] == [
        "cadgate_blender",
        "cadgate_freecad",
        "cadgate_build123d",
        "cadgate_openscad",
        "cadgate_fake",
    ]
    assert len(sources(CORE)) > 50
    assert len(sources(APPSERVER)) > 15


def test_the_core_names_no_adapter_package_in_its_code() -> None:
    """Text that people read may; a string that becomes an import may not."""
    packages = tuple(path.name for path in ADAPTERS)
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(CORE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(packages)
    ]
    assert found == []


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda path: path.name)
def test_an_adapter_imports_only_public_names_of_the_core(adapter: Path) -> None:
    found = all_imports(adapter)
    public = {name for _, _, module, name in found if module == "cadgate.plugin"}
    assert public, "an adapter that uses nothing of the core is none"
    assert public <= set(cadgate.plugin.__all__)
    inside = {name for _, _, module, name in found if module == "cadgate.appserver"}
    # The fake application bends the server itself.
    assert inside <= set(cadgate.appserver.__all__) or adapter.name == "cadgate_fake"
    starting = [each for each in found if each[2] in STARTING and each[0].name != "entry.py"]
    assert told(starting) == []


INSIDE_FILES = [*sources(APPSERVER), *(path for adapter in ADAPTERS for path in sources(adapter / "app"))]


@pytest.mark.parametrize("path", INSIDE_FILES, ids=lambda path: f"{path.parent.parent.name}.{path.stem}")
def test_what_runs_inside_applications_is_python_3_8(path: Path) -> None:
    source = path.read_text()
    tree = ast.parse(source, str(path), feature_version=(3, 8))
    future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert future or not any(isinstance(node, (ast.FunctionDef, ast.AnnAssign)) for node in ast.walk(tree))
    assert [f"{path.name}:{line}: {what}" for line, what in too_new(tree)] == []


GENERIC = {"dict", "list", "tuple", "set", "frozenset", "type", "deque", "OrderedDict", "defaultdict", "Counter"}
NEW_METHODS = {"removeprefix": "3.9", "removesuffix": "3.9", "is_relative_to": "3.9", "bit_count": "3.10"}


def too_new(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What parses as Python 3.8, does not run there, and is not known by a name of the library's."""
    annotations = {id(inner) for outer in _annotations(tree) for inner in ast.walk(outer)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and id(node) not in annotations:
            if isinstance(node.value, ast.Name) and node.value.id in GENERIC:
                yield node.lineno, f"{node.value.id}[...] at run time"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and id(node) not in annotations:
            sides = (node.left, node.right)
            if any(_is_type(side) for side in sides):
                yield node.lineno, "X | Y of types at run time"
            if any(isinstance(side, (ast.Dict, ast.DictComp)) for side in sides):
                yield node.lineno, "a union of dictionaries"
        elif isinstance(node, ast.Attribute) and node.attr in NEW_METHODS:
            yield node.lineno, f".{node.attr}() of {NEW_METHODS[node.attr]}"


def _annotations(tree: ast.Module) -> Iterator[ast.AST]:
    """Never evaluated, because of `from __future__ import annotations`."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.AnnAssign, ast.arg)) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
            yield node.returns


def _is_type(node: ast.expr) -> bool:
    names = GENERIC | {"int", "str", "float", "bytes", "bool", "object"}
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id in GENERIC
    return (isinstance(node, ast.Name) and node.id in names) or (isinstance(node, ast.Constant) and node.value is None)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("X = dict[str, int]", "dict[...] at run time"),
        ("X = int | None", "X | Y of types at run time"),
        ("isinstance(x, int | str)", "X | Y of types at run time"),
        ("y = {**a} | b", "a union of dictionaries"),
        ("'a'.removeprefix('b')", ".removeprefix() of 3.9"),
    ],
)
def test_this_check_finds_what_it_looks_for(code: str, found: str) -> None:
    assert [what for _, what in too_new(ast.parse(code))] == [found]
    assert list(too_new(ast.parse("def f(x: int | None) -> dict[str, int]: y: list[int] = x | 4"))) == []


def test_everything_public_is_there_and_the_guide_says_what_it_is() -> None:
    for module in (cadgate.plugin, cadgate.appserver):
        assert sorted(module.__all__) == sorted(set(module.__all__))
        for name in module.__all__:
            assert hasattr(module, name), f"{module.__name__}.{name}"
    guide = [ROOT / "docs" / "ADAPTERS.md", *sorted((ROOT / "docs" / "adapters").glob("*.md"))]
    document = "".join(path.read_text() for path in guide)
    for module in (cadgate.plugin, cadgate.appserver, cadgate.testing):
        silent = [name for name in module.__all__ if not re.search(rf"\b{name}\b", document)]
        assert silent == [], f"The guide for adapters does not mention these names of {module.__name__}"
    fields = [field.name for field in dataclasses.fields(cadgate.plugin.Adapter)]
    assert [name for name in fields if f"`{name}`" not in document] == []
    assert [name for name in CAPABILITIES if f"`{name}`" not in document] == []
    for name in ("start", "version", "namespace", "save_snapshot", "load_snapshot", "transaction", "observe"):
        assert getattr(host.Host, name).__doc__, name
