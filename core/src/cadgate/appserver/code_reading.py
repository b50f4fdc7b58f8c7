"""Proves of code, before it runs, that it only reads a document: names, values, counts, searches.

Such code is no change: nothing is persisted, and redo stays possible. As in `pure_code`, False means only that there
is no proof. Assumes that no class of the user's takes part (see `scripting`).
"""

from __future__ import annotations

import ast
import builtins
from types import FunctionType
from typing import Any

from cadgate.appserver.pure_code import NODES, PURE_FUNCTIONS

_NODES = (
    *NODES,
    *(ast.Assert, ast.ExceptHandler, ast.FormattedValue, ast.FunctionDef, ast.ImportFrom, ast.Lambda, ast.NamedExpr),
    *(ast.Raise, ast.Return, ast.Starred, ast.Try, ast.arguments, ast.arg, ast.Continue, ast.keyword),
)
_ERRORS = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)}
_FUNCTIONS = {
    *PURE_FUNCTIONS,
    *_ERRORS,
    *("callable", "dir", "filter", "getattr", "hasattr", "hash", "id", "isinstance", "issubclass", "iter", "map"),
    *("next", "slice", "type"),
}
_MODULES = frozenset(
    ("cmath", "collections", "datetime", "itertools", "json", "math", "mathutils", "re", "statistics", "time")
)
_KNOWN = _MODULES | {"FreeCAD", "Part", "bpy", "pprint"}
"""What may be imported. Functions of `_MODULES` only compute."""
_METHODS = frozenset(
    (
        *("as_pointer", "capitalize", "count", "endswith", "find", "format", "get", "index", "isdigit", "items"),
        *("join", "keys", "lower", "lstrip", "partition", "rpartition", "rsplit", "rstrip", "split", "splitlines"),
        *("startswith", "strip", "title", "to_tuple", "upper", "values"),
        *("getObject", "getObjectsByLabel", "findObjects", "isDerivedFrom", "getPropertyByName", "listDocuments"),
        *("getTypeIdOfProperty", "getDocumentationOfProperty", "getGroupOfProperty", "getStatusString", "isValid"),
    )
)
"""Methods that change nothing, on whatever object of an application."""
_OWN = frozenset(("add", "append", "discard", "extend", "insert", "pop", "remove", "reverse", "setdefault", "sort"))
_FRESH = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Constant, ast.JoinedStr)
_MAKERS = frozenset(("bool", "dict", "float", "int", "len", "list", "set", "sorted", "str", "sum", "tuple"))


class CodeReading:
    """An analysis of the code `tree`, which is to be run in `names`."""

    def __init__(self, tree: ast.Module, names: dict[str, Any]) -> None:
        nodes = list(ast.walk(tree))
        self._names = names
        # A copy: the executor removes the last statement to evaluate it on its own.
        self._statements = list(tree.body)
        self._defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        self._computing = {
            alias.asname or alias.name
            for node in nodes
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
            if (node.module or "" if isinstance(node, ast.ImportFrom) else alias.name) in _MODULES
        }
        self._computing |= {name for name in _MODULES if getattr(names.get(name), "__name__", None) == name}
        fresh: dict[str, bool] = {}
        values = {id(target): node.value for node in nodes if isinstance(node, ast.Assign) for target in node.targets}
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                fresh[node.id] = fresh.get(node.id, True) and self._is_fresh(values.get(id(node)), nodes)
            elif isinstance(node, ast.arg):
                fresh[node.arg] = False
        self._stored = set(fresh) | self._defined
        self._own = {name for name, is_fresh in fresh.items() if is_fresh}

    def _is_fresh(self, value: ast.AST | None, nodes: list[ast.AST]) -> bool:
        """Whether this code creates the value, so that it may modify it."""
        if value is None:
            return False
        if isinstance(value, ast.Call):
            return isinstance(value.func, ast.Name) and value.func.id in _MAKERS
        return isinstance(value, _FRESH)

    def only_reads(self, *statements: ast.AST) -> bool:
        """Whether these statements of the code change nothing."""
        return all(self._reads(node) for statement in statements for node in ast.walk(statement))

    def changed_nothing_until(self, line: int) -> bool:
        """Whether code that failed in this line had changed nothing.

        That is so if every statement before only reads, and the failed one only reads or assigns a single value, which
        it did not get to.
        """
        for statement in self._statements:
            if statement.lineno <= line <= (statement.end_lineno or statement.lineno):
                if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                    target = statement.targets[0]
                    parts = [child for child in ast.iter_child_nodes(target) if isinstance(child, ast.expr)]
                    if isinstance(target, (ast.Attribute, ast.Subscript)):
                        return self.only_reads(statement.value, *parts)
                return self.only_reads(statement)
            if not self.only_reads(statement):
                return False
        return False

    def _reads(self, node: ast.AST) -> bool:
        if not isinstance(node, _NODES):
            return False
        if isinstance(node, ast.Attribute):
            return isinstance(node.ctx, ast.Load) and not node.attr.startswith("__")
        if isinstance(node, ast.Subscript):
            return isinstance(node.ctx, ast.Load) or (isinstance(node.value, ast.Name) and node.value.id in self._own)
        if isinstance(node, ast.Name):
            return not isinstance(node.ctx, ast.Del)
        if isinstance(node, ast.AugAssign):
            if isinstance(node.value, ast.Constant) and isinstance(node.op, (ast.Add, ast.Sub)):
                return not isinstance(node.target, ast.Attribute)
            return isinstance(node.target, ast.Name) and node.target.id in self._own
        if isinstance(node, ast.FunctionDef):
            return not node.decorator_list
        if isinstance(node, ast.Import):
            return all(alias.name in _KNOWN for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            return node.module in _MODULES and all(alias.name != "*" for alias in node.names)
        return not isinstance(node, ast.Call) or self._call_reads(node)

    def _call_reads(self, call: ast.Call) -> bool:
        function = call.func
        if isinstance(function, ast.Name):
            name = function.id
            if name in self._defined or name in self._computing:
                return True
            builtin = name in _FUNCTIONS and name not in self._names and name not in self._stored
            return builtin and hasattr(builtins, name) and self._hands_on_nothing(name, call)
        if not isinstance(function, ast.Attribute):
            return False
        base = function.value
        if isinstance(base, ast.Name) and base.id in self._computing:
            return True
        own = isinstance(base, ast.Name) and base.id in self._own and function.attr in _OWN
        return own or function.attr in _METHODS

    def _hands_on_nothing(self, name: str, call: ast.Call) -> bool:
        """Whether functions that call their arguments get only functions of this code or of Python."""
        given = [word.value for word in call.keywords if word.arg == "key"]
        if name in ("filter", "map"):
            given += call.args[:1]
        if (name == "iter" and len(call.args) > 1) or (name == "type" and len(call.args) != 1):
            return False
        return all(isinstance(each, ast.Lambda) or self._is_reader(each) for each in given)

    def _is_reader(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Name):
            return isinstance(node, ast.Constant)
        if node.id in self._defined:
            return True
        return (
            node.id in _FUNCTIONS
            and node.id not in self._names
            and not isinstance(self._names.get(node.id), FunctionType)
        )
