"""`cadgate new-adapter`: a new adapter package, from the templates that the gateway ships."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

import cadgate.plugin
from cadgate.cli.lifecycle import say
from cadgate.config.entry_points import announced
from cadgate.errors import CadgateError
from cadgate.plugins.validate import MAX_NAME, NAME, RESERVED

SUFFIX = ".tmpl"
"""Of every template: no tool takes them for code."""

_ROOTS = {"package": "{package}", "gitignore": ".gitignore"}
"""What is called otherwise in the new folder."""


class CannotMake(CadgateError):
    """The name cannot be an adapter's, or the folder is not free."""

    code = "cannot_make"


@dataclass(frozen=True, slots=True)
class Names:
    """What an adapter is called in each place. `package` is its import package, `prefix` begins its classes' names."""

    name: str

    @property
    def project(self) -> str:
        return f"cadgate-{self.name}"

    @property
    def package(self) -> str:
        return f"cadgate_{self.name.replace('-', '_')}"

    @property
    def words(self) -> list[str]:
        return self.name.replace("_", "-").split("-")

    @property
    def prefix(self) -> str:
        return "".join(word.capitalize() for word in self.words)

    @property
    def title(self) -> str:
        return " ".join(word.capitalize() for word in self.words)

    def mapping(self) -> dict[str, str]:
        """What stands in templates as `$name` and so on."""
        return {"name": self.name, "package": self.package, "Class": self.prefix, "title": self.title}


def new_adapter(name: str, folder: Path) -> int:
    """Write the package `cadgate-{name}` in `folder` and say what to do with it.

    :raises CannotMake: the name cannot be an adapter's, or is one's already, or the folder is there.
    """
    names = Names(name)
    _check(names)
    target = folder / names.project
    try:
        target.mkdir()
    except FileExistsError as error:
        raise CannotMake(f"{target} is there already: choose another name, or remove it") from error
    except OSError as error:
        raise CannotMake(f"{target} cannot be made: {error.strerror}") from error
    for path, text in rendered(names):
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    _next_steps(names, target)
    return 0


def _check(names: Names) -> None:
    name = names.name
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise CannotMake(
            f"{name!r} cannot be an adapter's name: at most {MAX_NAME} of a-z, 0-9, - and _, starting with a letter, "
            "as in 'openscad'"
        )
    if name in RESERVED:
        raise CannotMake(f"{name!r} cannot be an adapter's name: it is the gateway's own")
    # A package of this name must not hide one that is there, and its classes not those that it imports.
    taken = [one for one in announced() if one.name == name]
    if taken:
        raise CannotMake(f"an adapter {name!r} is installed already: {taken[0]}")
    for text in cadgate.plugin.__all__:
        if text.startswith(names.prefix) and text.removeprefix(names.prefix) in _CLASSES:
            raise CannotMake(f"{name!r} cannot be used: its class {text} would be called like one of cadgate.plugin")


_CLASSES = frozenset(("Client", "ConnectionError", "Host", "Launcher", "Settings"))


def rendered(names: Names) -> Iterator[tuple[Path, str]]:
    """Every file of the new package: its path below the folder, and its text."""
    root = files("cadgate").joinpath("templates", "adapter")
    mapping = names.mapping()
    for path, template in _templates(root, Path()):
        parts = [_ROOTS.get(part, part).format(package=names.package) for part in path.parts]
        yield Path(*parts), Template(template.read_text(encoding="utf-8")).substitute(mapping)


def _templates(folder: Traversable, path: Path) -> Iterator[tuple[Path, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _templates(entry, path / entry.name)
        elif entry.name.endswith(SUFFIX):
            yield path / entry.name.removesuffix(SUFFIX), entry


def _next_steps(names: Names, target: Path) -> None:
    say(f"{target} is an adapter that works: it runs a small stand-in for {names.title}. Next:")
    say("")
    python = shlex.quote(sys.executable)
    say(f"    {python} -m pip install -e './{names.project}[dev]'")
    say(f"    {python} -m cadgate plugins    # {names.name} is active")
    say(f"    (cd {names.project} && {python} -m pytest)")
    say(f"    {python} -m cadgate up         # /api/v1/{names.name}, /ws/{names.name}, /console/{names.name}")
    say("")
    say(f"Then make it real, beginning with src/{names.package}/launcher.py; README.md there says how to go on.")
