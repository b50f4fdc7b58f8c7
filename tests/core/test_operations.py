"""Every operation of the shipped adapters has all its parts, seen without an application.

A `Method` has its function in `app/`, in a file of the same name, a route, an example and a test that asks for it; what
changes something is looked at again, and is made by the requests that the restore tests replay, if it is replayed by a
call. The conformance tests compare the halves as they run.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from cadgate.contract.methods import Method
from cadgate.look.models import LOOK
from cadgate.openapi.extensions import METHOD_EXTENSION
from cadgate.plugins.contents import Contents, contents_of, problems_in
from tests.core.second_opinions import source_of
from tests.faults.conftest import Session
from tests.faults.documents import change_by_requests

ADAPTERS = ("blender", "freecad")
ELSEWHERE = {
    # A kind of work with helpers enough for a file: declared with its kin.
    "features.hole": "holes",
    "features.linear_pattern": "patterns",
    "features.polar_pattern": "patterns",
    "objects.duplicate": "duplicates",
}
"""FreeCAD's methods whose function stands in a file of `app/` that is called otherwise than that of `models/`."""
WITHOUT_ROUTE = {
    # A body that is a file: the route of meshes.create calls it for other types of content.
    "blender": {"meshes.upload"},
    "freecad": set[str](),
}
NOT_REPLAYED = {
    "blender": {
        "scene.clear": "a cleared scene begins a generation: nothing of it is replayed (test_reading_and_clearing.py)",
    },
    "freecad": {},
}
"""Methods that no restore test replays, and why."""
_READ_BACK = "each value of the answer is read from Blender after it was set"
_MADE = "sizes, place and counts of the answer are read from what was made; test_blender_primitives.py has the formulas"
_LISTED = "Blender deletes or raises, and lists ask Blender itself"
_PRIMITIVES = (*("cube", "sphere", "cylinder", "cone", "torus", "plane", "grid", "circle", "monkey", "empty", "text"),)
NOT_CHECKED = {
    "blender": {
        **dict.fromkeys((f"primitives.{kind}" for kind in _PRIMITIVES), _MADE),
        "primitives.curve": "its size is read from what was made; test_blender_curves.py measures lengths and tubes",
        "fonts.delete": _LISTED,
        "camera.create": _READ_BACK,
        "camera.update": _READ_BACK,
        "light.create": _READ_BACK,
        "light.update": _READ_BACK,
        "materials.apply": _READ_BACK,
        "scene.update": _READ_BACK,
        "world.update": _READ_BACK,
        "collections.create": "the answer is read from the tree of collections after it was changed",
        "collections.instance": "test_blender_instances.py counts what is shown; the rest is read from what was made",
        "collections.move": "the answer is read from the tree of collections after it was changed",
        "collections.delete": _LISTED,
        "modifiers.remove": _LISTED,
        "constraints.remove": _LISTED,
        "node_groups.delete": _LISTED,
        "animation.remove": _LISTED,
        "animation.key": "each curve is evaluated at each of its new keys, and must give the value that was sent",
        "studio.set": "test_blender_studio.py sees the pictures; what was added is read from Blender",
        "data.update": _READ_BACK,
        "modifiers.update": "booleans.py compares what a boolean modifier shows; the other settings are read back",
    },
    "freecad": {
        "assemblies.explode": "the answer is read from the places of the links after they were moved",
        "bodies.create": "an empty body has no shape; that of its features is looked at when they are added",
        "primitives.helix": "a wire, which encloses nothing; its box is read from the shape",
        "sketches.create": "solving.py refuses constraints that FreeCAD's solver calls impossible or redundant",
        "documents.activate": "the answer says which document FreeCAD has as the active one then",
    },
}
"""Methods whose function comes to no second opinion, and what stands for one."""
NAMES_NOTHING = {
    "blender": {"scene.update": "`name` is a new name for the scene, which the application does not choose"},
    "freecad": {"assemblies.add_part": "the result is the assembly; a part gets the same name in the same assembly"},
}
"""Methods with an optional `name` that is not what the application calls the result, and why."""
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module", params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def contents(adapter: str) -> Contents:
    return contents_of(f"cadgate_{adapter}")


@pytest.fixture(scope="module")
def app(shipped_app: FastAPI) -> FastAPI:
    return shipped_app


def routes(app: FastAPI, adapter: str) -> list[tuple[APIRoute, str]]:
    """The adapter's routes that call a method, and which."""
    return [
        (route, str((route.openapi_extra or {})[METHOD_EXTENSION]))
        for route in app.routes
        if isinstance(route, APIRoute)
        and route.path.startswith(f"/api/v1/{adapter}/")
        and METHOD_EXTENSION in (route.openapi_extra or {})
    ]


def written(adapter: str, half: str, pattern: str) -> dict[str, str]:
    """Name of a method → the file of one half in which `pattern` stands before it."""
    (folder,) = importlib.import_module(f"cadgate_{adapter}").__path__
    return {
        name: path.stem
        for path in sorted((Path(folder) / half).rglob("*.py"))
        for name in re.findall(pattern + r'\(\s*"([^"]+)"', path.read_text(), re.MULTILINE)
    }


class Recorder:
    """Stands for a session of the restore tests: keeps what they ask for, and answers nothing."""

    def __init__(self, adapter: str) -> None:
        self.adapter = adapter
        self.requests: list[tuple[str, str]] = []

    def post(self, path: str, body: object) -> None:
        # Calls of batches do not count: some are to fail.
        self.requests.append(("POST", path))

    def patch(self, path: str, body: object) -> None:
        self.requests.append(("PATCH", path))

    def put(self, path: str, body: object) -> None:
        self.requests.append(("PUT", path))

    def delete(self, path: str) -> None:
        self.requests.append(("DELETE", path))


def replayed(app: FastAPI, adapter: str) -> set[str]:
    """The methods that the requests of the restore tests call."""
    recorder = Recorder(adapter)
    change_by_requests(cast(Session, recorder))
    called: set[str] = set()
    known = routes(app, adapter)
    for verb, path in recorder.requests:
        whole = f"/api/v1/{adapter}{path.partition('?')[0]}"
        found = [name for route, name in known if verb in (route.methods or ()) and route.path_regex.match(whole)]
        called |= set(found[:1])
    return called


def test_nothing_keeps_the_adapter_from_being_loaded(contents: Contents) -> None:
    assert problems_in(contents) == []


def test_every_method_has_its_function_inside_the_application_in_a_file_of_the_same_name(
    adapter: str, contents: Contents
) -> None:
    inside, declared = written(adapter, "app", "^@(?:method|creating)"), written(adapter, "models", r"^\w+ = Method")
    assert {*declared, LOOK.name} == set(contents.methods_by_name()), "a Method is declared in models/"
    for name in set(declared) - set(contents.handlers_by_name()):
        assert name in inside, f"no function in app/ is decorated with @method({name!r})"
        file = ELSEWHERE.get(name, declared[name]) if adapter == "freecad" else declared[name]
        assert inside[name] == file, f"{name} is declared in models/{declared[name]}.py"
    assert {name for name in inside if not name.startswith("internal.")} <= set(declared)


def test_every_method_has_a_route(app: FastAPI, adapter: str, contents: Contents) -> None:
    without = set(contents.methods_by_name()) - {name for _, name in routes(app, adapter)}
    assert without - WITHOUT_ROUTE[adapter] == set(), (
        "add a route in routers/, and a new file there to the list in routers/__init__.py"
    )
    assert WITHOUT_ROUTE[adapter] <= without, "there is no need for the exception any more"


def test_every_body_has_an_example(app: FastAPI, adapter: str) -> None:
    without = [
        route.path
        for route, _ in routes(app, adapter)
        if route.body_field is not None
        and isinstance(model := route.body_field.field_info.annotation, type)
        and "examples" not in json.dumps(cast(Any, model).model_json_schema())
    ]
    assert without == [], "add an example to the model_config of the parameters"


def test_every_change_that_is_replayed_by_a_call_is_replayed_by_a_test(
    app: FastAPI, adapter: str, contents: Contents
) -> None:
    methods = contents.methods_by_name().values()
    needed = {method.name for method in methods if _is_replayed_by_call(method)}
    exempt = NOT_REPLAYED[adapter]
    missing = needed - replayed(app, adapter) - set(exempt)
    assert missing == set(), "add requests to tests/faults/documents.py, or a reason to NOT_REPLAYED"
    assert set(exempt) <= needed - replayed(app, adapter), "there is no need for the exception any more"
    assert all(len(reason) > 20 for reason in exempt.values())


def _is_replayed_by_call(method: Method[Any, Any]) -> bool:
    return method.mutates and method.replay == "call"


def test_every_change_is_looked_at_again(adapter: str, contents: Contents) -> None:
    source = source_of(adapter)
    needed = {method.name for method in contents.methods_by_name().values() if _is_replayed_by_call(method)}
    without = {name for name in needed & set(source.methods) if not source.is_checked(name)}
    exempt = NOT_CHECKED[adapter]
    assert without - set(exempt) == set(), "check the result in app/verification/, or say in NOT_CHECKED why not"
    assert set(exempt) <= without, "there is no need for the exception any more"


def test_every_change_says_when_it_begins(adapter: str, contents: Contents) -> None:
    source = source_of(adapter)
    changing = {method.name for method in contents.methods_by_name().values() if method.mutates} & set(source.methods)
    silent = {name for name in changing if not source.comes_to(name, "about_to_change")}
    assert silent == set(), "call about_to_change(revision) after the last refusal and before the first change"


def test_a_change_that_may_choose_a_name_says_which_parameter_it_is(adapter: str, contents: Contents) -> None:
    changes = [method for method in contents.methods_by_name().values() if _is_replayed_by_call(method)]
    silent = {each.name for each in changes if _may_choose_a_name(each) and each.naming_parameter is None}
    missing = "let its parameters be a `Creation`, or say `names=` in its Method: a replay must give the same name"
    assert silent - set(NAMES_NOTHING[adapter]) == set(), missing
    assert set(NAMES_NOTHING[adapter]) <= silent, "there is no need for the exception any more"


def _may_choose_a_name(method: Method[Any, Any]) -> bool:
    given = method.params.model_fields.get("name")
    return given is not None and not given.is_required() and "name" in getattr(method.result, "model_fields", ())


def test_every_route_is_asked_for_by_a_test_on_the_real_application(app: FastAPI, adapter: str) -> None:
    text = "\n".join(path.read_text() for path in sorted((TESTS / "test_api").glob("*.py")))
    known = routes(app, adapter)
    prefix = f"/api/v1/{adapter}"
    asked = {name for route, name in known if re.search(_as_tests_write_it(route.path.removeprefix(prefix)), text)}
    unasked = {name for _, name in known} - asked
    assert unasked == set(), "no test in tests/test_api/ sends a request to it"


def _as_tests_write_it(path: str) -> str:
    parts = [r"[^/\s\"']+" if part.startswith("{") else re.escape(part) for part in path.split("/")]
    return "/".join(parts) + r"[\"'?]"
