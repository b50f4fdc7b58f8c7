"""Which function answers which method. Functions are registered by `@method` when their module is imported."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Callable, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

METHODS: dict[str, Callable[..., Any]] = {}


def method(name: str) -> Callable[[F], F]:
    """Answer `name` with the decorated function, which gets the validated parameters as keyword arguments.

    It runs on the application's main thread and returns a JSON value.
    """

    def register(function: F) -> F:
        if name in METHODS and METHODS[name].__module__ != function.__module__:
            raise ValueError(f"method {name!r} is registered twice: {METHODS[name].__module__}, {function.__module__}")
        METHODS[name] = function
        return function

    return register


def load_methods(package: str) -> None:
    """Import every module of `package`, so that all of its methods are registered."""
    root = importlib.import_module(package)
    for module in pkgutil.iter_modules(root.__path__):
        importlib.import_module(f"{package}.{module.name}")


def registered(name: str) -> Callable[..., Any] | None:
    """Return the function that answers `name`, if any."""
    return METHODS.get(name)
