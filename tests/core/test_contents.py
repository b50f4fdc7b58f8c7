"""Methods and handlers of an adapter's package: what is wrong with them fails the adapter, and names them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cadgate.config.settings import Settings
from cadgate.plugins.contents import contents_of, modules_of
from cadgate.plugins.discovery import Found, discover
from tests.core.fake_packages import Site

METHODS = """
from cadgate.contract.methods import Handler, Method
from cadgate.models.common import Creation, Empty, Params
from cadgate.models.responses import MayWarn, Result


async def run(app, params):
    return Result()


ONE = Method("things.one", Empty, Result)
"""


def only(name: str) -> Found:
    off = {shipped: {"enabled": False} for shipped in ("blender", "freecad")}
    (found,) = (one for one in discover(Settings(adapters=off)) if one.name == name)
    return found


@pytest.fixture
def package(tmp_path: Path, site: Site) -> Iterator[Path]:
    """A package of several modules on `sys.path`."""
    folder = site.folder / "fake_with_modules"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == folder.name]:
        del sys.modules[name]


def test_good_methods_and_handlers_are_no_problem(site: Site) -> None:
    site.add("fake", METHODS + "TWO = Method('two_words.a1', Empty, MayWarn, mutates=True)\nH = Handler(TWO, run)\n")
    assert (only("fake").status, only("fake").error) == ("active", None)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "TWO = Method('things.two', Empty, Result, mutates=True)",
            "Result, the result of 'things.two' in {m}, needs the field `warnings`",
        ),
        ("TWO = Method('things.one', Empty, Result)", "there are two methods 'things.one': in {m} and in {m}"),
        ("TWO = Method('things', Empty, Result)", "the method 'things' in {m} must be called resource.action"),
        ("TWO = Method('Things.two', Empty, Result)", "the method 'Things.two' in {m} must be called resource.action"),
        ("TWO = Method('a.b.c', Empty, Result)", "the method 'a.b.c' in {m} must be called resource.action"),
        ("TWO = Method('things.', Empty, Result)", "the method 'things.' in {m} must be called resource.action"),
        ("TWO = Method(None, Empty, Result)", "the method None in {m} must be called resource.action"),
        ("TWO = Method('session.undo', Empty, Result)", "the method 'session.undo' in {m} has a name that is not for"),
        ("TWO = Method('internal.two', Empty, Result)", "the method 'internal.two' in {m} has a name that is not for"),
        ("TWO = Method('things.two', dict, Result)", "params of the method 'things.two' in {m} must be a Pydantic"),
        ("TWO = Method('things.two', Empty, 3)", "result of the method 'things.two' in {m} must be a Pydantic"),
        (
            "TWO = Method('things.two', Empty, MayWarn, mutates=True, names='name')",
            "names='name' of the method 'things.two' in {m} is none of its parameters: it has none",
        ),
        (
            "class Made(Creation): pass\nTWO = Method('things.two', Made, MayWarn, mutates=True)",
            "MayWarn, the result of 'things.two' in {m}, needs the field `name`, since the parameter 'name' says",
        ),
        (
            "class Moved(Params):\n    to: str\n    on_conflict: str\n"
            "TWO = Method('things.two', Moved, MayWarn, mutates=True)",
            "the method 'things.two' in {m} has the parameter `on_conflict`: say by names=…",
        ),
        (
            "H = Handler(Method('things.two', Empty, Result), run)",
            "the handler in {m} is for the method 'things.two', which no module of the package has",
        ),
        ("H = Handler('things.one', run)", "a handler in {m} is for 'things.one', which is not a cadgate.plugin.Met"),
        ("H, J = Handler(ONE, run), Handler(ONE, run)", "the method 'things.one' has two handlers: in {m} and in {m}"),
    ],
)
def test_a_wrong_method_or_handler_fails_the_adapter_and_is_named(site: Site, source: str, expected: str) -> None:
    module = site.add("fake", METHODS + source + "\n")
    found = only("fake")
    assert found.status == "failed"
    assert found.error is not None
    assert found.error.startswith("fake-fake 1.2: " + expected.format(m=module))


def test_all_problems_inside_are_told_together(site: Site) -> None:
    site.add("fake", METHODS + "TWO = Method('things', Empty, Result)\nTHREE = Method('things.one', Empty, Result)\n")
    error = only("fake").error or ""
    assert "must be called resource.action" in error
    assert "there are two methods 'things.one'" in error


def test_a_module_that_the_entry_point_does_not_import_fails_the_adapter_too(site: Site, package: Path) -> None:
    (package / "broken.py").write_text("import no_such_module_anywhere\n")
    site.add("fake", f"\n\nFIELDS['package'] = {package.name!r}\n")
    error = only("fake").error or ""
    assert error == "fake-fake 1.2: ModuleNotFoundError: No module named 'no_such_module_anywhere' (broken.py, line 1)"


def test_the_half_inside_the_application_and_programs_are_not_imported(package: Path) -> None:
    for name in ("app/entry.py", "app/deep/__init__.py", "sub/__init__.py", "sub/deep.py", "appearance.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("raise SystemExit(__name__)\n" if name.startswith("app/") else "")
    (package / "app" / "__init__.py").write_text("raise SystemExit('the application is not here')\n")
    (package / "__main__.py").write_text("raise SystemExit('run')\n")
    named = [module.__name__.removeprefix(package.name) for module in modules_of(package.name)]
    assert named == ["", ".appearance", ".sub", ".sub.deep"]


def test_an_object_that_several_modules_import_is_one(package: Path) -> None:
    (package / "models.py").write_text(METHODS)
    (package / "routers.py").write_text(
        "from fake_with_modules.models import ONE, Handler, run\nH = Handler(ONE, run)\n"
    )
    (package / "zoo.py").write_text("from fake_with_modules.routers import H, ONE\n")
    contents = contents_of(package.name)
    assert [(method.name, module) for method, module in contents.methods.values()] == [
        ("things.one", "fake_with_modules.models")
    ]
    assert [module for _, module in contents.handlers.values()] == ["fake_with_modules.routers"]
