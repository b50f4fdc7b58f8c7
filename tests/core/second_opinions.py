"""What functions of an adapter's `app/` come to, as far as the source shows it: a check of what they did, and more.

A check is a call into `app/verification/`, or a place in the function's own module that raises `command_failed` or
`degenerate_result`: what is called in other modules refuses things for reasons of its own.
"""

from __future__ import annotations

import ast
import functools
import importlib
from collections.abc import Iterator
from pathlib import Path

Place = tuple[str, str]
"""Module of `app/`, and a function or class in it."""
VERDICTS = ("command_failed", "degenerate_result")


class Source:
    """The functions of `app/`, and whom each of them calls."""

    def __init__(self, adapter: str) -> None:
        (root,) = importlib.import_module(f"cadgate_{adapter}").__path__
        self._package = f"cadgate_{adapter}.app"
        self.methods: dict[str, Place] = {}
        self._nodes: dict[Place, ast.AST] = {}
        self._imported: dict[str, dict[str, Place]] = {}
        self._uses: dict[Place, dict[Place, None]] = {}
        folder = Path(root) / "app"
        for path in sorted(folder.rglob("*.py")):
            self._read(".".join(path.relative_to(folder).with_suffix("").parts), ast.parse(path.read_text()))

    def _read(self, module: str, tree: ast.Module) -> None:
        imported = self._imported[module] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(self._package):
                origin = node.module[len(self._package) + 1 :]
                imported.update({each.asname or each.name: (origin, each.name) for each in node.names})
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self._nodes[module, node.name] = node
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in ("method", "creating"):
                        self.methods[ast.literal_eval(decorator.args[0])] = (module, node.name)

    def is_checked(self, method: str) -> bool:
        """Whether the function of a method comes to a check."""
        home = self.methods[method][0]
        return any(
            "verification" in (place[0].partition(".")[0], place[1])
            or (node is not None and any(_is_verdict(each) for each in ast.walk(node)))
            for place, node in self._reached(method, within=home)
        )

    def comes_to(self, method: str, name: str) -> bool:
        """Whether the function of a method comes to a function of that name."""
        return any(place[1] == name for place, _ in self._reached(method))

    def _reached(self, method: str, within: str | None = None) -> Iterator[tuple[Place, ast.AST | None]]:
        """All that the function of a method uses, and what that uses; of other modules than `within` only the names."""
        seen: set[Place] = set()
        pending = [self.methods[method]]
        while pending:
            place = pending.pop()
            if place not in seen:
                seen.add(place)
                node = self._nodes.get(place) if within in (None, place[0]) else None
                yield place, node
                pending.extend(() if node is None else self._used(place, node))

    def _used(self, place: Place, node: ast.AST) -> dict[Place, None]:
        """What a function uses, each once. Many methods come to the same ones."""
        if place not in self._uses:
            self._uses[place] = dict.fromkeys(self._called(place[0], node))
        return self._uses[place]

    def _called(self, module: str, node: ast.AST) -> Iterator[Place]:
        imported = self._imported[module]
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                yield imported.get(each.id, (module, each.id))
            elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in imported:
                origin, name = imported[each.value.id]
                yield ".".join(filter(None, (origin, name))), each.attr


@functools.cache
def source_of(adapter: str) -> Source:
    """The functions of an adapter's `app/`, which are read once."""
    return Source(adapter)


def _is_verdict(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "AppError"
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in VERDICTS
    )
