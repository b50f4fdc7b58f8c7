"""What is proved of code before it runs: that it only reads, and that nothing of it can act later."""

from __future__ import annotations

import ast
import math
import types
from typing import Any

import pytest

from cadgate.appserver.code_reading import CodeReading
from cadgate.appserver.scripting import MODULES, WORDS, why_it_may_stay

DOCUMENT = types.SimpleNamespace()
APP = types.ModuleType("app")
APP.utils = types.ModuleType("app.utils")  # type: ignore[attr-defined]
APP.Kind = type("Kind", (), {})  # type: ignore[attr-defined]
NAMES: dict[str, Any] = {"app": APP, "doc": DOCUMENT, "math": math}

READS = """
[each.name for each in doc.objects]
len(doc.objects)
doc.objects["Cube"].location.x
sorted(doc.objects, key=lambda each: each.name)[0].name
print(*(f"{each.name}: {each.size:.2f}" for each in doc.objects if each.kind == "MESH"))
{each.name: list(each.location) for each in doc.objects if hasattr(each, "location")}
doc.objects.get("Cube")
found = doc.objects.get("Cube"); found.name if found else None
math.sqrt(sum(value * value for value in doc.location))
getattr(doc, "name", None), isinstance(doc, object)
doc.getObject("Box").Shape.Volume
doc.missing.attribute
raise ValueError("no")
1 / 0
"""
LONG_READS = [
    "names = []\nfor each in doc.objects:\n    names.append(each.name)\nnames",
    "counts = {}\nfor each in doc.objects:\n    counts[each.kind] = counts.get(each.kind, 0) + 1\ncounts",
    "total = 0\nfor each in doc.objects:\n    total += 1\ntotal",
    "import json\ndef told(each):\n    return {'name': each.name}\njson.dumps([told(each) for each in doc.objects])",
    "try:\n    print(doc.objects['Cube'].name)\nexcept KeyError as error:\n    print(error)",
]
CHANGES = """
doc.objects["Cube"].location.x = 3
doc.objects["Cube"].location[0] = 3
doc.objects.new("Cube")
doc.objects["Cube"].select_set(True)
place = doc.location; place += doc.other
place = doc.location; place *= 2
place = doc.location; place[0] = 2
doc.location.x += 1
del doc.objects["Cube"]
setattr(doc, "name", "x")
exec("doc.name = 1")
[setattr(each, "name", "x") for each in doc.objects]
items = doc.slots; items.append(1)
list(map(doc.remove, doc.objects))
sorted(doc.objects, key=doc.remove)
(lambda: doc.clear())()
found = doc.objects; found.pop(0)
doc.name.__class__.__init__(doc)
open("/tmp/file", "w")
unknown(doc)
"""


@pytest.mark.parametrize("code", [*READS.strip().splitlines(), *LONG_READS])
def test_code_that_only_reads_is_known(code: str) -> None:
    tree = ast.parse(code)
    assert CodeReading(tree, NAMES).only_reads(tree)


@pytest.mark.parametrize("code", CHANGES.strip().splitlines())
def test_code_that_may_change_something_is_not_taken_for_reading(code: str) -> None:
    tree = ast.parse(code)
    assert not CodeReading(tree, NAMES).only_reads(tree)


@pytest.mark.parametrize(
    ("code", "line", "nothing"),
    [
        ("doc.objects['none'].location.x = 3", 1, True),
        ("name = 'none'\ndoc.objects[name].location = [1,\n2]", 2, True),
        ("doc.name = 'x'\n1 / 0", 2, False),
        ("doc.one = doc.two = 1 / 0", 1, False),
        ("doc.new(1 / 0)", 1, False),
        ("doc.name = doc.new()", 1, False),
        ("for each in doc.objects:\n    each.x = 1 / each.x", 2, False),
    ],
)
def test_what_failed_before_it_changed_anything_is_known(code: str, line: int, nothing: bool) -> None:
    assert CodeReading(ast.parse(code), NAMES).changed_nothing_until(line) is nothing


LEAVES_NOTHING = r"""
doc.objects["Cube"].location.x = 3
app.ops.add(size=2)
math.sqrt(4); doc.name = "x"
isinstance(doc, app.Kind)
thing = app.Kind()
list(map(str, doc.objects))
type(doc) is app.Kind
getattr(doc, "name")
sorted(doc.objects, key=lambda each: each.name)
import re; re.compile("a").match(doc.name)
import os; os.path.join(os.getcwd(), "x")
class Point:\n    def __init__(self, x): self.x = x\n    def f(self): return self.x\ndoc.x = Point(2).f()
from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: float = 0\ndoc.x = Point(2).x
from enum import Enum\nclass Kind(Enum):\n    ONE = 1\ndoc.x = Kind.ONE.value
def place(each, height=0): each.z = height\nplace(doc)
"""
STAYS = r"""
class Panel(app.Kind): pass
class Any: pass\nother = Any
class Any:\n    def __del__(self): pass
class Any(metaclass=type): pass
doc.called = lambda: 1
def f(): pass\ndoc.called = f
def f(): pass\nother = f
import os; os.chdir("/")
import os; os.environ["X"] = "1"
from os import chdir
import enum; enum.sys.path
import sys
from app import *
app.utils.function = 1
other = app.utils
math.sqrt = 2
app.Kind.method = 3
import random; random._os.chdir("/")
setattr(doc, "x", 1)
getattr(doc, "mod" + "ules")
exec("1")
doc.__class__
doc.register(1)
type("Kind", (), {})
[app.utils][0].function = 1
isinstance(doc, eval("1"))
async def f(): pass
@doc.on\ndef f(): pass
"""


@pytest.mark.parametrize("code", LEAVES_NOTHING.strip().splitlines())
def test_code_that_leaves_nothing_that_acts_is_known(code: str) -> None:
    assert why_it_may_stay(ast.parse(code.replace("\\n", "\n")), NAMES, MODULES | {"app"}, WORDS) is None


@pytest.mark.parametrize("code", STAYS.strip().splitlines())
def test_code_that_may_act_later_is_found_with_its_line(code: str) -> None:
    why = why_it_may_stay(ast.parse(code.replace("\\n", "\n")), NAMES, MODULES | {"app"}, WORDS)
    assert why is not None
    assert "(line " in why


def test_a_function_of_earlier_code_may_be_called_and_not_handed_on() -> None:
    names = {**NAMES, "earlier": lambda: None}
    assert why_it_may_stay(ast.parse("earlier()"), names) is None
    assert why_it_may_stay(ast.parse("doc.called = earlier"), names) is not None
