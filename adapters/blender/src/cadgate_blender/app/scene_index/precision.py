"""`precise`: the promise by which an operation keeps what is known of the objects that it does not touch."""

from __future__ import annotations

from typing import Any, Callable, Iterator, TypeVar

from cadgate.appserver import registered

F = TypeVar("F", bound=Callable[..., Any])

_PROMISE = "__precise__"


def precise(*refers_by: str) -> Callable[[F], F]:
    """Promise that a `@method` reports to the index every object whose description it changes, and that it creates
    references only to objects named by the parameters `refers_by`. It looks at no scenes but those of
    `staging.session_scenes()`.

    Put it below `@method`. After a method without it, everything kept about all objects is discarded.
    """

    def promise(function: F) -> F:
        setattr(function, _PROMISE, refers_by)
        return function

    return promise


def is_precise(method: str) -> bool:
    """Return whether a method made the promise."""
    return _fields(method) is not None


def referred_to(method: str, params: dict[str, Any]) -> set[str] | None:
    """Return the names to which a call may create references; None if its method promises nothing."""
    fields = _fields(method)
    if fields is None:
        return None
    return {word for field in fields for word in _words(params.get(field))}


def _fields(method: str) -> tuple[str, ...] | None:
    found: tuple[str, ...] | None = getattr(registered(method), _PROMISE, None)
    return found


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
