"""Proves of code, before it runs, that it cannot change a document: sums, prints, loops, waiting.

Such code needs no snapshot afterwards. False means only that there is no proof.
"""

from __future__ import annotations

import ast
import builtins
from types import ModuleType
from typing import Any

_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_MODULES = frozenset(("cmath", "datetime", "math", "statistics", "time"))
"""Modules whose functions take and return plain values only."""

PURE_FUNCTIONS: dict[str, Any] = {
    function.__name__: function
    for function in (
        *(abs, all, any, ascii, bin, bool, bytes, chr, complex, dict, divmod, enumerate, float, format, frozenset, hex),
        *(
            int,
            len,
            list,
            max,
            min,
            oct,
            ord,
            pow,
            print,
            range,
            repr,
            reversed,
            round,
            set,
            sorted,
            str,
            sum,
            tuple,
            zip,
        ),
    )
}

NODES = (
    ast.Module,
    ast.Expr,
    ast.Constant,
    ast.Name,
    ast.expr_context,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.IfExp,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.Subscript,
    ast.Slice,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.comprehension,
    ast.Assign,
    ast.AugAssign,
    ast.If,
    ast.For,
    ast.While,
    ast.Pass,
    ast.Break,
    ast.Continue,
    ast.Call,
    ast.keyword,
    ast.Attribute,
    ast.Import,
    ast.alias,
)


def is_pure_code(tree: ast.Module, names: dict[str, Any]) -> bool:
    """Whether `tree`, run in `names`, works on plain values and lists of them only.

    Every name it uses must be its own, be bound to a plain value, or be one of Python's functions that only compute or
    print. Then it cannot reach an object of the application, not even through an operator or an attribute.
    """
    nodes = list(ast.walk(tree))
    if not all(isinstance(node, NODES) for node in nodes):
        return False
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    renamed = any(alias.asname for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    known = {name for name in _MODULES if _is_module(names.get(name), name)}
    modules = imported | known
    if renamed or not imported <= _MODULES or imported & (set(names) - known) or modules & stored:
        return False
    functions = {
        name
        for name, function in PURE_FUNCTIONS.items()
        if name not in stored and name not in names and getattr(builtins, name, None) is function
    }
    own = {name for name in stored if name not in names or type(names[name]) in _PLAIN}
    plain = own | {name for name, value in names.items() if type(value) in _PLAIN}
    attributes = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return all(_is_known(node, id(node) in attributes, id(node) in called, modules, functions, plain) for node in nodes)


def _is_module(value: Any, name: str) -> bool:
    return type(value) is ModuleType and value.__name__ == name


def _is_known(
    node: ast.AST, has_attribute: bool, is_called: bool, modules: set[str], functions: set[str], plain: set[str]
) -> bool:
    if isinstance(node, ast.Name):
        if has_attribute:
            return node.id in modules
        return node.id in (functions if is_called else plain)
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Call):
        return isinstance(node.func, (ast.Name, ast.Attribute))
    return True
