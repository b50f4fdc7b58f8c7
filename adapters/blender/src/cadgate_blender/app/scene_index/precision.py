"""`precise`: the promise by which an operation keeps what is remembered of the objects that it does not touch."""

from __future__ import annotations

from typing import Any, Callable, Iterator, TypeVar

from cadgate.appserver import registered

F = TypeVar("F", bound=Callable[..., Any])

_PROMISE = "__precise__"


def precise(*refers_by: str) -> Callable[[F], F]:
    """Promise that a `@method` reports to the index every object whose description it changes, and that it makes
    nothing refer to an object but to those that the parameters `refers_by` name.

    It stands below `@method`. After a method without it, what is remembered of all objects is forgotten.
    """

    def promise(function: F) -> F:
        setattr(function, _PROMISE, refers_by)
        return function

    return promise


def referred_to(method: str, params: dict[str, Any]) -> set[str] | None:
    """The names that a call may make something refer to; None where its method promises nothing."""
    fields: tuple[str, ...] | None = getattr(registered(method), _PROMISE, None)
    if fields is None:
        return None
    return {word for field in fields for word in _words(params.get(field))}


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
