"""Builds the packages with which a Blender or FreeCAD with a window serves a gateway: an extension zip and an add-on.

    python scripts/build_addons.py [--output dist]

Each contains the server and the adapter's half inside the application, so nothing else has to be installed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

import cadgate
import cadgate_blender
import cadgate_freecad
from cadgate.config.settings import Settings
from cadgate.plugins.discovery import discover

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"blender": cadgate_blender, "freecad": cadgate_freecad}


def limits_of(name: str) -> dict[str, object]:
    """Return the adapter's default limits, as its launcher would pass them."""
    with tempfile.TemporaryDirectory() as folder:
        found = next(each for each in discover(Settings(state_dir=Path(folder))) if each.name == name)
    if found.adapter is None or found.settings is None:
        raise SystemExit(f"the {name} adapter is {found.status}: {found.error}")
    return found.adapter.launcher(found.settings).options()


def fill(folder: Path, name: str) -> None:
    """Put the library and the limits into `folder`."""
    skip = shutil.ignore_patterns("__pycache__")
    for package, parts in ((cadgate, ("appserver",)), (PACKAGES[name], ("app",))):
        source = Path(str(package.__file__)).parent
        target = folder / "lib" / source.name
        target.mkdir(parents=True)
        shutil.copy(source / "__init__.py", target)
        for part in parts:
            shutil.copytree(source / part, target / part, ignore=skip)
    (folder / "limits.json").write_text(json.dumps(limits_of(name), indent=2))
    shutil.copy(ROOT / "LICENSE", folder)


def stamp(path: Path) -> None:
    """Write the version into a manifest."""
    path.write_text(path.read_text().replace("@VERSION@", cadgate.__version__))


def build_blender(output: Path) -> Path:
    """Build the extension zip, for Blender 4.2 and later: Edit > Preferences > Get Extensions > Install from Disk."""
    target = output / f"cadgate-blender-extension-{cadgate.__version__}.zip"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "cadgate"
        shutil.copytree(ROOT / "adapters" / "blender" / "addon", folder, ignore=shutil.ignore_patterns("__pycache__"))
        stamp(folder / "blender_manifest.toml")
        fill(folder, "blender")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
    return target


def build_freecad(output: Path) -> Path:
    """Build the add-on folder. Copy or link it into the folder `Mod` of FreeCAD's user data."""
    target = output / "cadgate-freecad-addon"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "adapters" / "freecad" / "addon", target, ignore=shutil.ignore_patterns("__pycache__"))
    stamp(target / "package.xml")
    fill(target / "cadgate_addon", "freecad")
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where to put them (default: dist)")
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for build in (build_blender, build_freecad):
        print(build(output))


if __name__ == "__main__":
    main()
