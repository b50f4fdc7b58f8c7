"""Attacks by operators, properties and types: everything that an application can do, given paths and code as values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.field import Field
from tests.attack.mcp_client import tool

# --- operators of Blender --------------------------------------------------------------------------------------------

PATHS = re.compile(r"file|path|director|folder|files|name")
"""What paths are called; other texts get code."""
CLOSED = (
    "script",
    "wm",
    "text",
    "preferences",
    "sound",
    "image",
    "file",
    "export_scene",
    "import_scene",
    "import_anim",
)
"""Groups of operators of which no request may run any."""


def _operators(client: httpx.Client) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        page = client.get("/operators", params={"limit": 1000, "offset": offset}).json()["result"]
        yield from page["operators"]
        offset += 1000
        if offset >= page["total"]:
            return


def _filled(schema: dict[str, Any], path: str, code: str) -> Iterator[dict[str, Any]]:
    """Properties of an operator: a path in every text that a path could be, or code where there is none."""
    given: dict[str, Any] = {}
    for name, each in schema.get("properties", {}).items():
        value = path if PATHS.search(name) else code
        if each.get("type") == "string" and "enum" not in each:
            given[name] = value
        elif each.get("type") == "array" and each.get("items", {}).get("type") == "object":
            fields = each["items"].get("properties", {})
            given[name] = [{key: value for key, one in fields.items() if one.get("type") == "string"}]
    if given:
        yield given


def _with_texts(client: httpx.Client) -> list[tuple[str, dict[str, Any]]]:
    """The operators to try and their schemas. They are the same in every combination."""
    if not _known:
        for each in _operators(client):
            schema = client.get(f"/operators/{each['id']}").json()["result"].get("schema", {})
            if each["id"].partition(".")[0] in CLOSED or any(True for _ in _filled(schema, "", "")):
                _known.append((each["id"], schema))
    return _known


_known: list[tuple[str, dict[str, Any]]] = []


def operators_with_paths(field: Field) -> Outcome:
    """Every operator that takes a text, with a path or code as each of its texts."""
    with field.gateway.client("/api/v1/blender", headers=field.headers("read,write")) as owner:
        owner.post("/primitives/cube", json={"name": "Cube"})
        with_texts = _with_texts(owner)
    context = {"active": "Cube", "selected": ["Cube"]}
    tried = 0
    with field.client("/api/v1/blender") as client:
        for identifier, schema in with_texts:
            for properties in (*_filled(schema, str(field.canary.file), field.canary.python),) or ({},):
                tried += 1
                answer = client.post(f"/operators/{identifier}", json={"properties": properties, "context": context})
                if answer.is_success and identifier.partition(".")[0] in CLOSED:
                    return broke(f"{identifier} was run")
                if answer.status_code == 503:
                    return broke(f"{identifier} ended the application")
    if tried < 400:
        return broke(f"only {tried} attempts: the operators were not found")
    return field.assert_quiet(f"{len(with_texts)} operators, {tried} attempts", "blender")


def operators_by_other_doors(field: Field) -> Outcome:
    """What runs code or reads files, in a batch, by a WebSocket and by the tool `call`."""
    wanted = {
        "script.python_file_run": {"filepath": str(field.canary.file)},
        "wm.open_mainfile": {"filepath": str(field.canary.file)},
        "wm.save_as_mainfile": {"filepath": str(field.canary.folder / "made.blend")},
        "wm.append": {"filepath": str(field.canary.file), "directory": str(field.canary.file.parent)},
        "wm.context_set_value": {"data_path": "object.name", "value": field.canary.python},
        "text.open": {"filepath": str(field.canary.file)},
        "image.open": {"filepath": str(field.canary.file)},
        "sound.open": {"filepath": str(field.canary.file)},
        "file.unpack_all": {},
        "preferences.addon_install": {"filepath": str(field.canary.file)},
    }
    calls = [{"method": "operators.run", "params": {"id": name, "properties": given}} for name, given in wanted.items()]
    with field.client("/api/v1/blender") as client:
        answer = client.post("/batch", json={"calls": calls})
        results: list[dict[str, Any]] = answer.json()["result"]["results"] if answer.is_success else []
        if done := [call for call, each in zip(calls, results, strict=False) if each["status"] == "success"]:
            return broke(f"a batch ran {done[0]}")
    with field.socket("blender") as live:
        for number, call in enumerate(calls):
            live.send(json.dumps({"type": "call", "id": number, **call}))
            message = json.loads(live.recv(timeout=30))
            while message.get("id") != number:
                message = json.loads(live.recv(timeout=30))
            if message.get("status") == "success":
                return broke(f"a WebSocket ran {call}")
    for call in calls:
        if not tool(field, "call", {"application": "blender", **call}).get("isError"):
            return broke(f"an agent ran {call}")
    return field.assert_quiet(f"refused, {3 * len(calls)} times", "blender")


# --- properties of Blender -------------------------------------------------------------------------------------------

OUT = ("texts", "__class__", "libraries", "window_managers", "screens", "workspaces", "sounds", "fonts", "movieclips")
OUT += ("app", "handlers", "ops", "context", "preferences", "objects/__class__", "objects/Cube/__class__/__init__")
OUT += ("objects/Cube/bl_rna", "objects/Cube/rna_type", "objects/Cube/id_data", "objects/Cube/library")
OUT += ("objects/Cube/../..", "objects/Cube/__dict__", "objects/Cube/animation_data/drivers/0/driver/expression")
OUT += ("objects/0/as_pointer", "scenes/Scene/driver_namespace", "objects/Cube/data/__module__", "bl_rna", "rna_type")


def _settings(field: Field) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What a document holds that leads to files or code: verb, path and body."""
    file, folder, python = str(field.canary.file), str(field.canary.folder), field.canary.python
    yield "PATCH", "scenes/Scene/render/filepath", {"value": f"{folder}/out"}
    yield "PATCH", "scenes/Scene/render/views/left/file_suffix", {"value": f"/../..{folder}/evil"[:60]}
    yield "PATCH", "scenes/Scene/render/use_render_cache", {"value": True}
    yield "PATCH", "images/Image/filepath", {"value": file}
    yield "PATCH", "images/Image/filepath_raw", {"value": file}
    yield "PATCH", "cameras/Camera/custom_filepath", {"value": file}
    yield "PATCH", "cameras/Camera/custom_bytecode", {"value": python}
    yield "PATCH", "cameras/Camera/custom_shader", {"value": "evil.py"}
    yield "PATCH", "volumes/Volume/filepath", {"value": file}
    for name in ("MESH_CACHE", "OCEAN", "FLUID", "CLOTH", "NODES"):
        yield "POST", "objects/Cube/modifiers", {"name": name, "arguments": {"type": name}}
        yield "PATCH", f"objects/Cube/modifiers/{name}/filepath", {"value": file}
        yield "PATCH", f"objects/Cube/modifiers/{name}/bake_directory", {"value": folder}
        yield "PATCH", f"objects/Cube/modifiers/{name}/bake_target", {"value": "DISK"}
        for cache in ("point_cache", "point_cache/point_caches/0") if name == "CLOTH" else ():
            for switch in ("use_disk_cache", "use_external", "use_library_path", "filepath", "name"):
                value: Any = folder if switch in ("filepath", "name") else True
                yield "PATCH", f"objects/Cube/modifiers/{name}/{cache}/{switch}", {"value": value}
    for tree in ("materials/M/node_tree", "node_groups/G"):
        for kind in ("ShaderNodeScript", "ShaderNodeTexIES", "CompositorNodeOutputFile", "CompositorNodeImage"):
            yield "POST", f"{tree}/nodes", {"name": kind, "arguments": {"type": kind}}
            yield "PATCH", f"{tree}/nodes/{kind}/filepath", {"value": file}
            yield "PATCH", f"{tree}/nodes/{kind}/base_path", {"value": folder}
            yield "PATCH", f"{tree}/nodes/{kind}/bytecode", {"value": python}
            yield "PATCH", f"{tree}/nodes/{kind}/script", {"value": "evil.py"}
        for kind in ("STL", "Text", "VDB"):
            yield "POST", f"{tree}/nodes", {"name": kind, "arguments": {"type": f"GeometryNodeImport{kind}"}}
            yield "PATCH", f"{tree}/nodes/{kind}/inputs/Path/default_value", {"value": file}
    for owner in ("objects/Cube", "scenes/Scene", "materials/M", "materials/M/node_tree"):
        driver = {"arguments": {"data_path": "location", "index": 0}}
        yield "POST", f"{owner}/animation_data/drivers", driver
        yield "PATCH", f"{owner}/animation_data/drivers/0/driver/expression", {"value": python}
    yield "POST", "texts", {"name": "evil.py"}
    yield "PATCH", "texts/evil.py/use_module", {"value": True}
    yield "POST", "libraries", {"name": "evil"}
    yield "POST", "scenes/Scene/view_layers/0/freestyle_settings/modules", {"arguments": {}}
    yield "PATCH", "scenes/Scene/view_layers/0/freestyle_settings/modules/0/script", {"value": "evil.py"}
    yield "PATCH", "objects/Cube/name", {"value": python[:60]}
    yield "POST", "actions/A/fcurves", {"arguments": {"data_path": python}}
    yield "POST", "collections/Collection/exporters", {"arguments": {"type": "IO_FH_obj"}}


def _evaluate(field: Field) -> None:
    """Let Blender evaluate what there is."""
    with field.client("/api/v1/blender") as client:
        client.post("/export", json={"format": "glb"})
        client.post("/render", json={"resolution": [16, 16], "samples": 1})


def properties(field: Field) -> Outcome:
    """Every property that leads to a file, a program or out of the document."""
    with field.client("/api/v1/blender", scopes="read,write") as owner:
        owner.post("/primitives/cube", json={"name": "Cube"})
        owner.post("/camera", json={"name": "Camera"})
        owner.post("/materials", json={"name": "M"})
        for path, body in (
            ("images", {"name": "Image", "arguments": {"width": 4, "height": 4}}),
            ("volumes", {"name": "Volume"}),
            ("actions", {"name": "A"}),
            ("node_groups", {"name": "G", "arguments": {"type": "GeometryNodeTree"}}),
        ):
            owner.post(f"/data/{path}", json=body)
    tried = 0
    with field.client("/api/v1/blender") as client:
        for path in OUT:
            for verb in ("GET", "PATCH", "POST", "DELETE"):
                tried += 1
                body = {"value": 1} if verb == "PATCH" else {} if verb == "POST" else None
                url = f"/data/{path}".replace("..", "%2E%2E")
                if client.request(verb, url, json=body).is_success:
                    return broke(f"{verb} {path} was done")
        for verb, path, body in _settings(field):
            tried += 1
            answer = client.request(verb, f"/data/{path}", json=body)
            closed = any(word in path for word in ("filepath", "bytecode", "script", "use_", "expression", "suffix"))
            if verb == "PATCH" and answer.is_success and closed:
                return broke(f"{path} was set")
    _evaluate(field)
    return field.assert_quiet(f"refused or harmless, {tried} times", "blender")


def custom_properties(field: Field) -> Outcome:
    """Values that look like code, where Blender keeps custom properties and paths of animations."""
    python = field.canary.python
    with field.client("/api/v1/blender", scopes="read,write") as owner:
        owner.post("/primitives/cube", json={"name": "Cube"})
    with field.client("/api/v1/blender") as client:
        for path in (
            f'["{python}"]',
            '["_RNA_UI"]',
            '["__class__"]',
            "location.__class__",
            'data["x"].y',
            python,
            "bl_rna",
        ):
            keys = {"path": path, "keys": [{"frame": 1, "value": 1}]}
            if client.post("/objects/Cube/animation", json=keys).is_success:
                return broke(f"{path!r} was animated")
        for name in (python[:60], "{0.__class__}", "%(x)s", "${x}", "<%= 1 %>"):
            client.post("/primitives/cube", json={"name": name[:60]})
            client.post("/primitives/text", json={"text": python})
            client.post("/materials", json={"name": name[:60]})
            client.post("/objects/Cube/constraints", json={"type": "track_to", "target": name[:60], "name": name[:60]})
    _evaluate(field)
    return field.assert_quiet("names and texts are names and texts", "blender")


ATTACKS = [
    Attack("operators-with-paths-and-code", "operators", "blender", operators_with_paths, is_short=False),
    Attack("operators-by-other-doors", "operators", "blender", operators_by_other_doors),
    Attack("data-paths-and-code", "data", "blender", properties, is_short=False),
    Attack("data-that-looks-like-code", "data", "blender", custom_properties),
]
