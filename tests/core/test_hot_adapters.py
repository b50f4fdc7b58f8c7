"""A gateway among adapters that do everything wrong: each is refused or contained and named, and the rest is served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cadgate.cli.new_adapter import new_adapter
from cadgate.config.settings import Settings
from cadgate.plugins.discovery import Found, discover
from tests.core.fake_packages import Site, fake_site
from tests.gateway import Gateway, eventually

OFF = "[adapters.blender]\nenabled = false\n[adapters.freecad]\nenabled = false\n"

ROUTES = """

@router.get("/works")
def works() -> dict[str, int]:
    "Works."
    return {"answer": 42}


@router.get("/raises")
def raises() -> None:
    "Raises."
    raise ValueError("secret of the route")


@router.get("/exits")
def exits() -> None:
    "Ends the process, or so it thinks."
    raise SystemExit(3)


@router.get("/cancels")
async def cancels() -> None:
    "Cancels itself."
    import asyncio

    raise asyncio.CancelledError


from cadgate.plugin import Empty, Handler, Method, Result  # noqa: E402


class Answer(Result):
    number: int


EXIT = Method("process.exit", Empty, Answer)


async def leave(app, params):
    raise SystemExit(4)


LEAVE = Handler(EXIT, leave)
"""

MODEL = """
from pydantic import BaseModel


class Thing(BaseModel):
    {field}: int


@router.get("/thing")
def thing() -> Thing:
    "A thing."
    return Thing({field}=1)
"""

LAUNCHERS = """

class Refuses(FakeLauncher):
    def __init__(self, settings):
        raise OSError("no licence")


FIELDS["launcher"] = Refuses
"""

PLANS = """

class Fails(FakeLauncher):
    def plan(self):
        raise {}


FIELDS["launcher"] = Fails
"""

LIFESPAN = """
from contextlib import asynccontextmanager


@asynccontextmanager
async def life(app):
    raise RuntimeError("in the lifespan")
    yield


FIELDS["routers"] = [Router(lifespan=life)]
"""

HOOK = "\n\n@hookimpl\ndef cadgate_adapter():\n    raise OSError('in the hook')\n"

WRONG = {
    "import": ("\n\nraise RuntimeError('at import')\n", "RuntimeError: at import"),
    "interrupt": ("\n\nraise KeyboardInterrupt\n", "KeyboardInterrupt: no message"),
    "hook": (HOOK, "OSError: in the hook"),
    "lifespan": (LIFESPAN, "a router has a lifespan or startup and shutdown functions: the gateway owns the lifecycle"),
    "newer": (
        "\n\nFIELDS['api_version'] = 2\n",
        "it is written for version 2 of cadgate.plugin, and this gateway has 1",
    ),
    "launcher": (LAUNCHERS, "it cannot be mounted: OSError: no licence"),
    "blocks": ("\n\nimport time\ntime.sleep(30)\n", "importing it did not finish within 1.5 s (fake_adapter_"),
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders of packages: one that works, the wrong ones, two that claim one name, two with one name of a model."""
    folder = tmp_path_factory.mktemp("hot")
    with fake_site(folder / "site") as site:
        for name, (source, _) in WRONG.items():
            site.add(name, source, version="0.3")
        site.add("claimed", package="a-claims", version="1")
        site.add("claimed", package="b-claims", version="2")
        site.add("routes", ROUTES, version="0.4")
        site.add("plans", PLANS.format('KeyError("plan")'), version="0.5")
        site.add("ends", PLANS.format("SystemExit(5)"), version="0.5")
        site.add("left", MODEL.format(field="breadth"))
        site.add("right", MODEL.format(field="weight"))
        new_adapter("neighbour", folder)
        info = site.folder / "cadgate_neighbour-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cadgate-neighbour\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text("[cadgate.adapters]\nneighbour = cadgate_neighbour.adapter\n")
        (site.folder / "cadgate_neighbour").symlink_to(folder / "cadgate-neighbour" / "src" / "cadgate_neighbour")
        yield site.folder


@pytest.fixture(scope="module")
def hot(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A real gateway with all of them; it is there within a time that no blocked import allows."""
    environment = {"PYTHONPATH": str(installed), "CADGATE_IMPORT_SECONDS": "1.5"}
    gateway = Gateway(tmp_path_factory.mktemp("state"), plugins=OFF, environment=environment)
    began = time.monotonic()
    gateway.start(ready=False)
    assert time.monotonic() - began < 25
    yield gateway
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]


@pytest.fixture
def client(hot: Gateway) -> Iterator[httpx.Client]:
    with hot.client() as made:
        yield made


def plugins(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    return [one for one in client.get("/plugins").json()["result"]["plugins"] if one["name"] == name]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_adapter_is_failed_and_named_with_package_and_version(client: httpx.Client, name: str) -> None:
    (told,) = plugins(client, name)
    assert (told["status"], told["package"], told["version"], told["routes"]) == ("failed", f"fake-{name}", "0.3", [])
    assert told["error"].startswith(f"fake-{name} 0.3: ")
    assert WRONG[name][1] in told["error"]
    refused = client.get(f"/api/v1/{name}/methods")
    assert refused.status_code == 503
    assert f"fake-{name} 0.3" in refused.json()["error"]["message"]
    assert name not in [tag["name"] for tag in client.get("/openapi.json").json()["tags"]]


def test_of_two_that_claim_a_name_one_is_served_and_the_other_told_how_to_be(client: httpx.Client) -> None:
    first, second = plugins(client, "claimed")
    assert (first["package"], first["status"]) == ("a-claims", "active")
    assert (second["package"], second["status"]) == ("b-claims", "failed")
    assert second["error"].startswith("b-claims 2: the name 'claimed' is already in use by a-claims 1; ")
    assert 'package = "b-claims"' in second["error"]


@pytest.mark.parametrize("path", ["raises", "exits", "cancels"])
def test_a_route_that_raises_costs_its_request_and_is_logged_with_its_package(
    client: httpx.Client, hot: Gateway, path: str
) -> None:
    answer = client.get(f"/api/v1/routes/{path}", headers={"X-Request-ID": f"hot-{path}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    (line,) = (line for line in hot.log.read_text().splitlines() if "internal_error" in line and f"hot-{path}" in line)
    assert "fake-routes 0.4" in line
    assert client.get("/api/v1/routes/works").json() == {"answer": 42}


def test_a_handler_that_ends_its_process_costs_its_call(client: httpx.Client, hot: Gateway) -> None:
    calls = [{"method": "process.exit"}, {"method": "no_such.method"}]
    answer = client.post("/api/v1/routes/batch", json={"calls": calls})
    assert [one["error"]["code"] for one in answer.json()["result"]["results"]] == ["internal_error", "not_found"]
    for headers in ({}, {"Idempotency-Key": "leave"}):
        answer = client.post("/api/v1/routes/batch", json={"calls": calls[:1]}, headers=headers)
        assert answer.json()["result"]["results"][0]["error"]["code"] == "internal_error"
    assert hot.running


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("plans", "the adapter failed: KeyError: 'plan'"),
        ("ends", "the adapter failed: RuntimeError: its launcher tried to end the gateway: SystemExit(5)"),
    ],
)
def test_an_adapter_whose_application_cannot_be_planned_is_down_and_says_why(
    client: httpx.Client, name: str, why: str
) -> None:
    refused = eventually(
        lambda: (answer := client.get(f"/health/{name}")).json()["error"]["code"] != "application_starting" and answer
    )
    assert refused.status_code == 503
    assert why in refused.json()["error"]["message"]


def test_models_of_one_name_stay_apart(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    fields: list[set[str]] = []
    for name in ("left", "right"):
        answer = document["paths"][f"/api/v1/{name}/thing"]["get"]["responses"]["200"]
        reference = answer["content"]["application/json"]["schema"]["$ref"]
        fields.append(set(document["components"]["schemas"][reference.rpartition("/")[2]]["properties"]))
    assert fields == [{"breadth"}, {"weight"}]


def test_the_neighbour_works(client: httpx.Client, hot: Gateway) -> None:
    assert hot.application_pid("neighbour")
    made = client.post("/api/v1/neighbour/objects", json={"size": [1, 2, 3]})
    assert (made.status_code, made.json()["result"]["volume"]) == (201, 6)
    assert client.get("/health").status_code == 200


# --- imports that take their time ------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with fake_site(tmp_path / "site") as made:
        yield made


def found(name: str, **settings: Any) -> Found:
    off = {other: {"enabled": False} for other in ("blender", "freecad")}
    (one,) = (one for one in discover(Settings(adapters=off, **settings)) if one.name == name)
    return one


def test_an_import_that_never_ends_is_given_up_with_its_place(site: Site) -> None:
    module = site.add("fake", "\n\nimport threading\nthreading.Event().wait()\n")
    lines = (site.folder / f"{module}.py").read_text().splitlines()
    error = found("fake", import_seconds=0.3).error or ""
    assert error == (
        f"fake-fake 1.2: importing it did not finish within 0.3 s ({module}.py, line {len(lines)}); "
        "the setting import_seconds is the limit"
    )


def test_an_import_that_computes_for_ever_is_given_up_too(site: Site) -> None:
    # It ends with the test: the loop looks at its own module, which the test takes away.
    module = site.add("fake", "\n\nimport sys\nwhile __name__ in sys.modules:\n    pass\n")
    try:
        assert "did not finish within 0.3 s" in (found("fake", import_seconds=0.3).error or "")
    finally:
        del __import__("sys").modules[module]


def test_a_hook_and_a_module_that_block_are_given_up_too(site: Site) -> None:
    site.add("hook", "\n\n@hookimpl\ndef cadgate_adapter():\n    import threading\n    threading.Event().wait()\n")
    assert "did not finish within 0.3 s" in (found("hook", import_seconds=0.3).error or "")


def test_a_slow_import_is_active_and_said_to_be_slow(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cadgate.plugins.loading.SLOW_SECONDS", 0.2)
    site.add("fake", "\n\nimport threading\nthreading.Event().wait(0.3)\n", version="7")
    assert found("fake").status == "active"
    assert "adapter 'fake': importing fake-fake 7 took 0.3 s, and nothing was served meanwhile" in caplog.text
