"""Finds the `Method` and `Handler` objects in an adapter's package, by scanning its modules."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

from pydantic import BaseModel

from cadgate.clients.halves import Halves
from cadgate.contract.methods import Handler, Method

METHOD_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
RESERVED = frozenset(("session", "internal"))
"""Resources that adapters may not publish: the server's own, and those that only handlers call."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Each object once, with the module in which it was found first: an import elsewhere is the same object."""

    methods: dict[int, tuple[Method[Any, Any], str]] = field(default_factory=dict[int, tuple[Method[Any, Any], str]])
    handlers: dict[int, tuple[Handler[Any, Any], str]] = field(default_factory=dict[int, tuple[Handler[Any, Any], str]])

    def methods_by_name(self) -> dict[str, Method[Any, Any]]:
        return {method.name: method for method, _ in self.methods.values()}

    def halves(self) -> Halves:
        """Return the methods that the application must have to match this package."""
        published = frozenset(self.methods_by_name())
        return Halves(published, published - self.handlers_by_name().keys())

    def handlers_by_name(self) -> dict[str, Handler[Any, Any]]:
        return {handler.method.name: handler for handler, _ in self.handlers.values()}


def contents_of(package: str) -> Contents:
    """Return the contents of `package`. Imports its modules, and raises what they raise."""
    found = Contents()
    for module in modules_of(package):
        for value in vars(module).values():
            if isinstance(value, Method):
                method = cast("Method[Any, Any]", value)
                found.methods.setdefault(id(method), (method, module.__name__))
            elif isinstance(value, Handler):
                handler = cast("Handler[Any, Any]", value)
                found.handlers.setdefault(id(handler), (handler, module.__name__))
    return found


def modules_of(package: str) -> Iterator[ModuleType]:
    """Yield every module of an adapter's package, except the half that runs inside the application."""
    root = importlib.import_module(package)
    yield root
    yield from _modules_below(root, but_for=f"{package}.app")


def _modules_below(package: ModuleType, but_for: str) -> Iterator[ModuleType]:
    # Not `pkgutil.walk_packages`, which imports each package that it finds before anybody can leave it out.
    for found in pkgutil.iter_modules(getattr(package, "__path__", ()), package.__name__ + "."):
        # Importing `__main__` would run it.
        if found.name == but_for or found.name.endswith(".__main__"):
            continue
        module = importlib.import_module(found.name)
        yield module
        if found.ispkg:
            yield from _modules_below(module, but_for)


def problems_in(contents: Contents) -> list[str]:
    """Yield what is wrong with the methods and handlers of one adapter, by name."""
    return [*_methods(contents), *_handlers(contents)]


def _methods(contents: Contents) -> Iterator[str]:
    seen: dict[str, str] = {}
    for method, module in contents.methods.values():
        name: Any = method.name
        if not isinstance(name, str) or not METHOD_NAME.fullmatch(name):
            yield f"the method {name!r} in {module} must be called resource.action, of a-z, 0-9 and _"
            continue
        if name.partition(".")[0] in RESERVED:
            yield f"the method {name!r} in {module} has a name that is not for adapters: {_listed(RESERVED)}"
        if name in seen:
            yield f"there are two methods {name!r}: in {seen[name]} and in {module}"
        seen.setdefault(name, module)
        for which, model in (("params", method.params), ("result", method.result)):
            kind: Any = model
            if not isinstance(kind, type) or not issubclass(kind, BaseModel):
                yield f"{which} of the method {name!r} in {module} must be a Pydantic class, not {kind!r}"
            elif which == "result" and method.mutates and "warnings" not in kind.model_fields:
                yield (
                    f"{kind.__name__}, the result of {name!r} in {module}, needs the field `warnings`, since "
                    "a change may have some: derive it from cadgate.plugin.MayWarn"
                )
        yield from _naming(method, module)


def _naming(method: Method[Any, Any], module: str) -> Iterator[str]:
    """What is wrong with the parameter that says what the result of a method is to be called."""
    for kind in cast("tuple[Any, Any]", (method.params, method.result)):
        if not isinstance(kind, type) or not issubclass(kind, BaseModel):
            return
    params, field = method.params.model_fields, method.naming_parameter
    if field is None:
        if method.mutates and method.replay == "call" and "on_conflict" in params:
            yield (
                f"the method {method.name!r} in {module} has the parameter `on_conflict`: say by names=… which "
                "parameter is the name that the application may change"
            )
    elif field not in params:
        known = ", ".join(params) or "it has none"
        yield f"names={field!r} of the method {method.name!r} in {module} is none of its parameters: {known}"
    elif method.mutates and "name" not in method.result.model_fields:
        yield (
            f"{method.result.__name__}, the result of {method.name!r} in {module}, needs the field `name`, since the "
            f"parameter {field!r} says what that is to be"
        )


def _listed(resources: frozenset[str]) -> str:
    return ", ".join(f"{resource}.*" for resource in sorted(resources))


def _handlers(contents: Contents) -> Iterator[str]:
    seen: dict[int, str] = {}
    for handler, module in contents.handlers.values():
        method: Any = handler.method
        if not isinstance(method, Method):
            yield f"a handler in {module} is for {method!r}, which is not a cadgate.plugin.Method"
            continue
        key, name = id(handler.method), handler.method.name
        if key not in contents.methods:
            yield f"the handler in {module} is for the method {name!r}, which no module of the package has"
        elif key in seen:
            yield f"the method {name!r} has two handlers: in {seen[key]} and in {module}"
        seen.setdefault(key, module)
