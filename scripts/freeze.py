"""Writes constraints.txt: the installed versions of everything that requirements*.txt lead to.

Run it in the environment in which the tests passed. It writes only names and versions: pip decides the source.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCAL = {"cadgate": "core", "cadgate-blender": "adapters/blender", "cadgate-freecad": "adapters/freecad"}
BLENDER = "bpy"


def asked_for() -> list[Requirement]:
    """Return what the requirement files name; for packages of this repository, what their pyproject.toml names."""
    found: list[Requirement] = []
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        found += [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    for folder in LOCAL.values():
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = [text for extra in project.get("optional-dependencies", {}).values() for text in extra]
        found += [Requirement(text) for text in (*project["dependencies"], *extras)]
    return found


def closure(pending: list[Requirement]) -> dict[str, str]:
    """Return name and installed version of everything that the requirements lead to."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        wanted = pending.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if name in LOCAL or (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            raise SystemExit(f"{name} is not installed here") from None
        versions[name] = installed.version
        for text in installed.requires or ():
            one = Requirement(text)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                pending.append(one)
    return versions


def text() -> str:
    """Return the content of constraints.txt."""
    versions = closure(asked_for())
    blender = closure([Requirement(BLENDER)])
    others = closure([one for one in asked_for() if one.name not in (BLENDER, "trimesh")])
    lines = ["# The versions that the tests ran with (Python 3.11). Written by scripts/freeze.py."]
    for name in sorted(versions):
        # Each Python has another wheel of Blender; that for 3.11 needs an old numpy, which others would compile.
        of_blender = name in blender and (name not in others or name == "numpy")
        marker = '; python_version == "3.11"' if of_blender else ""
        lines.append(f"{name}=={re.sub(r'[+].*', '', versions[name])}{marker}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "constraints.txt").write_text(text(), encoding="utf-8")
