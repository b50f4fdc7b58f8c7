"""`cadgate new-adapter`: creates an adapter package from the gateway's templates."""

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
"""The suffix of every template, so that no tool treats them as code."""

KINDS = ("document", "converter")
"""The kinds of new adapters: an application with a document, or one that converts files."""

_DOCUMENT_ONLY = frozenset(
    (
        "src/{package}/app/document.py",
        "src/{package}/app/objects.py",
        "src/{package}/models/objects.py",
        "src/{package}/models/values.py",
        "src/{package}/routers/objects.py",
        "tests/test_objects.py",
    )
)
"""Templates that a converter does not have. It shares the others, unless it has one of its own."""

_LIMITS = {"document": "max_objects", "converter": "max_faces"}

_ROOTS = {"package": "{package}", "gitignore": ".gitignore"}
"""Paths that have a different name in the new folder."""


class CannotMake(CadgateError):
    """The name cannot be an adapter's, or the folder exists already."""

    code = "cannot_make"


@dataclass(frozen=True, slots=True)
class Names:
    """An adapter's name in all its forms. `package` is the import package, `prefix` starts the names of classes."""

    name: str
    kind: str = "document"

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
        """Return the values of the placeholders in templates, such as `$name`."""
        names = {"name": self.name, "package": self.package, "Class": self.prefix, "title": self.title}
        return {**names, "limit": _LIMITS[self.kind]}


def new_adapter(name: str, folder: Path, kind: str = "document") -> int:
    """Create the package `cadgate-{name}`, of one of `KINDS`, in `folder`, and print the next steps.

    :raises CannotMake: the name cannot be an adapter's, or is in use, or the folder exists.
    """
    if kind not in KINDS:
        raise CannotMake(f"{kind!r} is no kind of adapter: it is one of {', '.join(KINDS)}")
    names = Names(name, kind)
    _check(names)
    target = folder / names.project
    try:
        target.mkdir()
    except FileExistsError as error:
        raise CannotMake(f"{target} exists already: choose another name, or remove it") from error
    except OSError as error:
        raise CannotMake(f"{target} cannot be created: {error.strerror}") from error
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
        raise CannotMake(f"{name!r} cannot be an adapter's name: it is reserved for the gateway")
    # The package must not shadow an existing one, nor its classes those that they import.
    taken = [one for one in announced() if one.name == name]
    if taken:
        raise CannotMake(f"an adapter {name!r} is installed already: {taken[0]}")
    for text in cadgate.plugin.__all__:
        if text.startswith(names.prefix) and text.removeprefix(names.prefix) in _CLASSES:
            raise CannotMake(f"{name!r} cannot be used: its class {text} would have the name of one in cadgate.plugin")


_CLASSES = frozenset(("Client", "ConnectionError", "Host", "Launcher", "Settings"))


def rendered(names: Names) -> Iterator[tuple[Path, str]]:
    """Yield every file of the new package: its relative path, and its text."""
    templates = files("cadgate").joinpath("templates")
    found = _named(templates.joinpath("adapter"))
    if names.kind != "document":
        own = _named(templates.joinpath(names.kind))
        found = {path: template for path, template in found.items() if path not in _DOCUMENT_ONLY} | own
    mapping = names.mapping()
    for path, template in sorted(found.items()):
        text = Template(template.read_text(encoding="utf-8")).substitute(mapping)
        yield Path(path.format(package=names.package)), text


def _named(root: Traversable) -> dict[str, Traversable]:
    """Return the templates in a folder, by their paths in the new package."""
    return {"/".join(_ROOTS.get(part, part) for part in path.parts): one for path, one in _templates(root, Path())}


def _templates(folder: Traversable, path: Path) -> Iterator[tuple[Path, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _templates(entry, path / entry.name)
        elif entry.name.endswith(SUFFIX):
            yield path / entry.name.removesuffix(SUFFIX), entry


def _next_steps(names: Names, target: Path) -> None:
    say(f"{target} is a working adapter, which runs a small stand-in for {names.title}. Next:")
    say("")
    python = shlex.quote(sys.executable)
    say(f"    {python} -m pip install -e './{names.project}[dev]'")
    say(f"    {python} -m cadgate plugins    # {names.name} is active")
    say(f"    (cd {names.project} && {python} -m pytest)")
    say(f"    {python} -m cadgate up         # /api/v1/{names.name}, /ws/{names.name}, /console/{names.name}")
    say("")
    say(f"Then make it real, starting with src/{names.package}/launcher.py; its README.md describes the steps.")
