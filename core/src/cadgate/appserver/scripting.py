"""Proves of code, before it runs, that none of it can act later: no function or class of it stays reachable.

A replay in another process gives the same result only if no user code takes part in it. The proof uses the code's text
alone and errs on the safe side: code that is not understood is treated as code that may act later.
"""

from __future__ import annotations

import ast
import sys
from types import FunctionType, ModuleType
from typing import Any, Dict, Iterator, cast

MODULES: frozenset[str] = frozenset(
    (
        *(
            "array",
            "base64",
            "bisect",
            "cmath",
            "collections",
            "colorsys",
            "copy",
            "dataclasses",
            "datetime",
            "decimal",
        ),
        *("enum", "fractions", "functools", "hashlib", "heapq", "io", "itertools", "json", "math", "ntpath", "os"),
        *("pathlib", "posixpath", "pprint", "random", "re", "statistics", "string", "struct", "tempfile", "textwrap"),
        *("time", "traceback", "typing", "uuid", "zlib"),
    )
)
"""Modules that code may import and still be understood. Hosts add their own."""

WORDS: frozenset[str] = frozenset(("modules", "register", "unregister", "setprofile", "settrace"))
"""Names and attributes by which code reaches something that outlives it. Hosts add their own."""

_BUILTINS = frozenset(
    ("breakpoint", "compile", "delattr", "eval", "exec", "globals", "input", "locals", "setattr", "super", "vars")
)

_OS = frozenset(("getcwd", "getpid", "listdir", "makedirs", "path", "remove", "sep"))
"""Names in the module `os` that do not change the process."""
_SHAPES = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
_DECORATORS = frozenset(("classmethod", "dataclass", "property", "staticmethod"))
_PARENTS = frozenset(("Enum", "Exception", "IntEnum", "NamedTuple", "ValueError", "object"))
_OWN_METHODS = frozenset(("__init__", "__post_init__", "__repr__", "__str__"))
_CHECKS = ("isinstance", "issubclass")
_CALLERS = ("filter", "map")
_KEYED = ("sorted", "min", "max", "sort")


def why_it_may_stay(
    tree: ast.Module, names: dict[str, Any], modules: frozenset[str] = MODULES, words: frozenset[str] = WORDS
) -> str | None:
    """Return why code `tree`, run in `names`, may act on later calls, as the end of a sentence; None if it cannot."""
    return next(_Reader(tree, names, modules, words).reasons(), None)


class _Reader:
    def __init__(self, tree: ast.Module, names: dict[str, Any], modules: frozenset[str], words: frozenset[str]) -> None:
        self._nodes = list(ast.walk(tree))
        self._names = names
        self._modules = modules
        self._words = words
        self._imported = _imports(self._nodes)
        kinds = (ast.ClassDef, ast.FunctionDef)
        self._functions = {node.name for node in self._nodes if isinstance(node, kinds)}
        calls = [node for node in self._nodes if isinstance(node, ast.Call)]
        self._callees = {id(call.func) for call in calls}
        self._keys = {id(word.value) for call in calls if _name(call.func) in _KEYED for word in call.keywords}
        self._keys |= {id(argument) for call in calls if _name(call.func) in _CALLERS for argument in call.args[:1]}
        self._keys |= {
            id(part)
            for node in self._nodes
            if isinstance(node, kinds)
            for outer in (*node.decorator_list, *getattr(node, "bases", ()))
            for part in ast.walk(outer)
        }
        self._kinds = {id(part) for node in self._nodes for kind in _kinds_of(node) for part in ast.walk(kind)}
        self._bases = {id(node.value) for node in self._nodes if isinstance(node, ast.Attribute)}

    def reasons(self) -> Iterator[str]:
        for node in self._nodes:
            why = self._why(node)
            if why is not None:
                yield f"{why} (line {getattr(node, 'lineno', 1)})"

    def _why(self, node: ast.AST) -> str | None:
        if isinstance(node, _SHAPES):
            return "it is asynchronous"
        if isinstance(node, ast.ClassDef):
            plain = all(_name(base) in _PARENTS for base in node.bases) and not node.keywords
            return self._why_decorated(node) if plain else f"it derives the class {node.name!r}"
        if isinstance(node, ast.Lambda):
            return None if id(node) in self._keys or id(node) in self._callees else "it hands a function on"
        if isinstance(node, ast.FunctionDef):
            hidden = _is_private(node.name) and node.name not in _OWN_METHODS
            return f"it defines {node.name!r}" if hidden else self._why_decorated(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return self._why_import(node)
        if isinstance(node, ast.Name):
            return self._why_name(node)
        if isinstance(node, ast.Attribute):
            return self._why_attribute(node)
        if isinstance(node, ast.Call):
            return self._why_call(node)
        return None

    def _why_decorated(self, node: ast.ClassDef | ast.FunctionDef) -> str | None:
        known = all(
            _name(each.func if isinstance(each, ast.Call) else each) in _DECORATORS for each in node.decorator_list
        )
        return None if known else f"{node.name!r} is decorated"

    def _why_import(self, node: Any) -> str | None:
        if isinstance(node, ast.ImportFrom):
            paths = [f"{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            paths = [alias.name for alias in node.names]
        for path in paths:
            parts = path.split(".")
            if parts[0] not in self._modules or "*" in parts or getattr(node, "level", 0):
                return f"it imports {path!r}"
            if parts[0] == "os" and not {*parts[1:]} <= _OS:
                return f"it imports {path!r}"
            if word := self._word(parts):
                return f"it uses {word!r}"
        return None

    def _word(self, parts: list[str]) -> str | None:
        return next((part for part in parts if part in self._words or _is_private(part)), None)

    def _why_name(self, node: ast.Name) -> str | None:
        if id(node) in self._kinds and not _is_private(node.id):
            return None
        if (
            node.id in self._words
            or node.id in _BUILTINS
            or (_is_private(node.id) and node.id not in ("__name__", "__file__", "__doc__"))
        ):
            return f"it uses {node.id!r}"
        if isinstance(node.ctx, ast.Load) and id(node) not in self._callees:
            if node.id in self._functions or _is(self._names.get(node.id), FunctionType):
                looked_into = id(node) in self._keys or id(node) in self._bases
                return None if looked_into else f"it hands {node.id!r} on"
            return self._why_module(node)
        return None

    def _why_attribute(self, node: ast.Attribute) -> str | None:
        if (node.attr in self._words or _is_private(node.attr)) and id(node) not in self._kinds:
            return f"it uses {node.attr!r}"
        if not isinstance(node.ctx, ast.Load):
            if _is_code(self._value(node.value)):
                written = ast.unparse(node) if hasattr(ast, "unparse") else node.attr  # novermin
                return f"it sets {written!r}"
            return None
        value, base = self._value(node), self._value(node.value)
        if _is(base, ModuleType) and base.__name__ == "os" and node.attr not in _OS:
            return f"it uses {'os.' + node.attr!r}"
        if _is(value, ModuleType) and value.__name__.partition(".")[0] not in self._modules:
            return f"it reaches the module {value.__name__!r}"
        return self._why_module(node)

    def _why_module(self, node: ast.AST) -> str | None:
        """Return why, unless a module or class is only accessed, called or compared with: an alias would hide it."""
        if any(id(node) in group for group in (self._bases, self._callees, self._kinds, self._keys)):
            return None
        return "it hands a module or a class on" if _is_code(self._value(node)) else None

    def _why_call(self, node: ast.Call) -> str | None:
        name = _name(node.func)
        if name == "getattr" and isinstance(node.func, ast.Name):
            asked = node.args[1] if len(node.args) > 1 else None
            if not isinstance(asked, ast.Constant) or not isinstance(asked.value, str) or self._word([asked.value]):
                return "it calls getattr with a name that is not a constant"
        if name == "type" and isinstance(node.func, ast.Name) and len(node.args) != 1:
            return "it makes a class"
        return None

    def _value(self, node: ast.AST) -> Any:
        """Return the module or class that `node` refers to, if that is certain without running anything."""
        if isinstance(node, ast.Name):
            return self._imported.get(node.id, self._names.get(node.id))
        if isinstance(node, ast.Attribute):
            base = self._value(node.value)
            return cast(Dict[str, Any], vars(base)).get(node.attr) if _is_code(base) else None
        return None


def _imports(nodes: list[ast.AST]) -> dict[str, Any]:
    """Return what the imports of the code bind, if that is loaded already; otherwise an empty module."""
    found: dict[str, Any] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or root] = sys.modules.get(root) or ModuleType(root)
        elif isinstance(node, ast.ImportFrom):
            module = sys.modules.get(node.module or "")
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                found[alias.asname or alias.name] = sys.modules.get(path) or getattr(module, alias.name, None)
    return found


def _kinds_of(node: ast.AST) -> list[ast.AST]:
    """Return the parts of `node` in which a class is only compared with, or not used at all."""
    found: list[Any] = []
    if isinstance(node, ast.Call) and _name(node.func) in _CHECKS:
        found = node.args[1:]
    elif isinstance(node, ast.ExceptHandler):
        found = [node.type]
    elif isinstance(node, ast.Compare):
        found = [side for side in (node.left, *node.comparators) if isinstance(side, (ast.Name, ast.Attribute))]
    elif isinstance(node, (ast.arg, ast.AnnAssign)):
        found = [node.annotation]
    elif isinstance(node, ast.FunctionDef):
        found = [node.returns]
    return [each for each in found if each is not None and not any(isinstance(n, ast.Call) for n in ast.walk(each))]


def _is_code(value: Any) -> bool:
    return _is(value, ModuleType, type)


def _is(value: Any, *kinds: type) -> bool:
    """`isinstance` by the real type: an object that the application has deleted raises when asked for `__class__`."""
    return issubclass(type(value), kinds)


def _is_private(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
