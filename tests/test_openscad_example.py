"""The example adapter for OpenSCAD: installed with pip beside the others, tested on the real program, gone again."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import trimesh

from tests.docs.snippets import Reader, blocks_of
from tests.gateway import COLD_WORKERS, NO_SPARES, Gateway
from tests.live import live
from tests.wheels import ROOT, Environment

PROJECT = ROOT / "examples" / "adapters" / "openscad"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: list[Path]) -> Environment:
    """The three wheels, and that of the example."""
    for program in ("openscad", "Xvfb"):
        assert shutil.which(program), f"{program} is not installed: apt-get install openscad xvfb"
    made = Environment(tmp_path_factory.mktemp("openscad"), wheels)
    made.build_and_install(PROJECT)
    return made


@pytest.mark.timeout(600)
def test_its_own_tests_and_those_of_every_adapter_pass(environment: Environment) -> None:
    output = environment.tests(PROJECT, "tests", seconds=300)
    summary = output.splitlines()[-1]
    assert re.match(r"\d+ passed", summary), output
    if skipped := re.search(r"(\d+) skipped", summary):
        reasons = re.findall(r"^SKIPPED \[(\d+)\].*creation: OpenSCAD keeps nothing", output, re.MULTILINE)
        assert sum(map(int, reasons)) == int(skipped[1]), output


@pytest.mark.anyio
async def test_it_is_served_beside_the_others_and_leaves_no_trace(environment: Environment, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path / "state", python=environment.python, environment=NO_SPARES).start()
    with gateway.client() as client:
        plugins = {one["name"]: one for one in client.get("/plugins").json()["result"]["plugins"]}
        assert {name: one["status"] for name, one in plugins.items()} == dict.fromkeys(
            ("blender", "freecad", "openscad"), "active"
        )
        assert (plugins["openscad"]["package"], plugins["openscad"]["websocket"]) == (
            "cadgate-openscad",
            "/ws/openscad",
        )
        health = client.get("/health/openscad").json()["result"]
        assert (health["status"], health["application"][:9]) == ("up", "OpenSCAD ")
        document = client.get("/openapi.json").json()
        assert "openscad" in [tag["name"] for tag in document["tags"]]
        assert document["paths"]["/api/v1/openscad/render"]["post"]["operationId"] == "openscad_render"
        assert client.get("/docs").status_code == 200
        # A part of one application becomes an object of another.
        made = client.post("/api/v1/openscad/render", json={"source": "cube([1, 2, 3]);"}).json()["result"]
        taken = client.post("/api/v1/blender/import", json={"artifact": made["artifact"]["id"]}).json()["result"]
        assert taken["objects"][0]["dimensions"] == pytest.approx([1, 2, 3])
        # Its formats take part in conversions because it announces them.
        for to, path in (("stl", ["openscad"]), ("glb", ["openscad", "freecad"]), ("fbx", ["openscad", "blender"])):
            answer = client.post("/api/v1/convert", params={"to": to}, files={"file": ("a.scad", b"cube([1, 2, 3]);")})
            assert answer.status_code == 200, answer.text
            assert answer.json()["result"]["path"] == path
            if to == "glb":
                scene = trimesh.load(io.BytesIO(client.get(answer.json()["result"]["artifact"]["url"]).content), "glb")
                assert scene.extents == pytest.approx([0.001, 0.003, 0.002])
        assert 'adapter="openscad"' in client.get("/metrics").text
    address = gateway.url.removeprefix("http://")
    Reader(tmp_path / "reader", address).read(blocks_of(PROJECT / "README.md"))
    async with live(gateway, "openscad") as connection:
        _, _, ended = await connection.run("evaluate('echo(6 * 7);')")
        assert ended["result"]["value"] == ["ECHO: 42"]
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]

    environment.uninstall("cadgate-openscad")
    assert list(environment.site.glob("*openscad*")) == []
    alone = {**NO_SPARES, **COLD_WORKERS}
    gateway = Gateway(tmp_path / "state", python=environment.python, environment=alone).start()
    with gateway.client() as client:
        for path in ("/plugins", "/openapi.json", "/asyncapi.json", "/version", "/health", "/metrics"):
            assert "openscad" not in client.get(path).text.lower(), path
        for path in ("/api/v1/openscad/methods", "/health/openscad"):
            assert client.get(path).status_code == 404, path
    assert gateway.stop() == 0, gateway.log.read_text()[-4000:]


def test_nothing_in_the_core_knows_of_it() -> None:
    found = subprocess.run(
        ["grep", "-rilE", "openscad", "--include=*.py", ROOT / "core" / "src" / "cadgate"],
        capture_output=True,
        text=True,
        check=False,
    )
    # The one that names it as an example of a name is no knowledge.
    assert [Path(line).name for line in found.stdout.split()] == ["new_adapter.py"]
