"""Packages that exist for one test: modules and a `*.dist-info` in a folder on `sys.path`, as pip would leave them."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_numbers = itertools.count(1)

GOOD = """
from cadgate.plugin import Adapter, AdapterSettings, Launcher, Router, hookimpl

router = Router()


class FakeLauncher(Launcher[AdapterSettings]):
    pass


FIELDS = dict(
    name="{name}", title="Fake", description="Made for a test.", package="{module}", routers=[router],
    launcher=FakeLauncher, api_version=1,
)


@hookimpl
def cadgate_adapter():
    return Adapter(**FIELDS)
"""
"""A module with an adapter that has nothing wrong; tests append what breaks it."""


class Site:
    """A folder of installed packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: set[str] = set()

    def add(
        self,
        name: str,
        source: str = "",
        *,
        package: str | None = None,
        version: str = "1.2",
        good: bool = True,
        entry_points: str | None = None,
    ) -> str:
        """Install a package whose entry point `name` is a new module: a good adapter, then `source`. Its name."""
        module = f"fake_adapter_{next(_numbers)}"
        self.modules.add(module)
        text = (GOOD if good else "").replace("{name}", name).replace("{module}", module) + source
        (self.folder / f"{module}.py").write_text(text)
        package = package or f"fake-{name}"
        info = self.folder / f"{package.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        lines = entry_points if entry_points is not None else f"{name} = {module}\n"
        (info / "entry_points.txt").write_text("[cadgate.adapters]\n" + lines.replace("{module}", module))
        return module


@contextmanager
def fake_site(folder: Path) -> Iterator[Site]:
    """An empty folder of packages, first on `sys.path` inside the block."""
    folder.mkdir()
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    site = Site(folder)
    try:
        yield site
    finally:
        sys.path.remove(str(folder))
        for module in site.modules:
            sys.modules.pop(module, None)
