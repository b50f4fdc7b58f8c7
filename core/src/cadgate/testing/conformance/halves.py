"""Compares the two halves of an adapter without running the half inside the application."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cadgate.contract.methods import Method

Function = ast.FunctionDef


def functions_inside(package: str) -> Iterator[tuple[str, Function]]:
    """Yield every function in `package.app` that is decorated `@method("name")`, with that name."""
    spec = importlib.util.find_spec(package)
    for folder in () if spec is None else spec.submodule_search_locations or ():
        for path in sorted(Path(folder, "app").rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
                if isinstance(node, ast.FunctionDef):
                    yield from ((name, node) for name in _answers(node))


def _answers(function: Function) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", None) == "method" and decorator.args:
            argument = decorator.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def disagreements(method: Method[Any, Any], function: Function) -> Iterator[str]:
    """Yield what the function does not accept of the model's fields, and what it requires that the model lacks."""
    fields = method.params.model_fields
    arguments = function.args
    named = [*arguments.args, *arguments.kwonlyargs]
    takes = {one.arg for one in named}
    if arguments.kwarg is None:
        for name in sorted(set(fields) - takes):
            yield f"{method.name}: its model has {name!r}, which {function.name}() in app does not accept"
    defaults = [*[None] * (len(arguments.args) - len(arguments.defaults)), *arguments.defaults, *arguments.kw_defaults]
    needed = {one.arg for one, default in zip(named, defaults, strict=True) if default is None}
    for name in sorted(needed - set(fields)):
        yield f"{method.name}: {function.name}() in app requires {name!r}, which its model does not have"
    if method.partial:
        # Only the fields that the client set are sent.
        for name in sorted(needed & {name for name, field in fields.items() if not field.is_required()}):
            yield f"{method.name}: {function.name}() in app requires {name!r}, which is only sent if the client set it"
