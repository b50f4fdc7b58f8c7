"""What the packages say of themselves: dependencies that the code imports, a license, authors, versions that fit."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PACKAGES = {
    "cadgate": ROOT / "core",
    "cadgate-blender": ROOT / "adapters" / "blender",
    "cadgate-freecad": ROOT / "adapters" / "freecad",
}
INTERNALS = ("fastapi", "starlette", "uvicorn")
"""Packages of which the gateway uses what may change with any version."""


def project(name: str) -> dict[str, Any]:
    return tomllib.loads((PACKAGES[name] / "pyproject.toml").read_text())["project"]


def requirements(name: str) -> dict[str, Requirement]:
    return {canonicalize_name(one.name): one for one in map(Requirement, project(name)["dependencies"])}


def imported(folder: Path) -> set[str]:
    """The top-level names that files import when they are imported, or later."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names


def test_the_core_declares_every_package_that_it_imports() -> None:
    source = PACKAGES["cadgate"] / "src" / "cadgate"
    distributions = packages_distributions()
    needed = {canonicalize_name(distributions[name][0]) for name in imported(source) - {"cadgate"}}
    # pytest is the extra `testing`; Pydantic asks for exactly one version of its own core.
    assert needed - set(requirements("cadgate")) == {"pytest", "pydantic-core"}


@pytest.mark.parametrize("name", INTERNALS)
def test_what_is_used_from_within_has_an_upper_bound_that_holds_the_tested_version(name: str) -> None:
    specifier = requirements("cadgate")[name].specifier
    assert any(one.operator == "<" for one in specifier)
    assert version(name) in specifier


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_says_what_it_is_and_brings_its_license(name: str) -> None:
    told = project(name)
    for key in ("description", "readme", "license", "authors", "keywords", "classifiers", "requires-python"):
        assert told[key], key
    assert (PACKAGES[name] / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (PACKAGES[name] / told["readme"]).is_file()


def test_the_three_packages_have_one_version() -> None:
    assert len({version(name) for name in PACKAGES}) == 1
