"""Attacks by .blend files that lead out of themselves: what Blender reads, writes and runs while it has them open.

Many ways are in one file, each with a file of its own next to the canary, so that the watch says which one was opened.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Sequence

import httpx

from tests.attack.attacks import Attack, Outcome, broke
from tests.attack.blender_scripts import (
    CACHES,
    FBX,
    FLUID_FOLDER,
    FLUID_PYTHON,
    LIBRARIES,
    PACKED_LIBRARIES,
    PATHS,
    READING_NODES,
    SAVE,
    SAVE_PACKED,
    SCENE_STRIP,
    SHADERS,
    STRIPS,
)
from tests.attack.field import Field, doors_said

Change = Callable[[bytes], bytes]


def windows(data: bytes) -> bytes:
    """The same with paths that Blender turns into ones of this system: `C:` and backslashes."""
    return data.replace(b"/still.png", b"\\still.png").replace(b"/volume.vdb", b"\\volume.vdb")


def tampered(data: bytes) -> bytes:
    """A fluid whose blocks say that they are of another structure of the same size."""
    place = 12
    head = struct.Struct("<4siQii")
    changed = bytearray(data)
    while place < len(data):
        code, size, address, _, count = head.unpack_from(data, place)
        if code == b"DATA" and struct.pack("<i", 56) == data[place + 40 : place + 44]:
            head.pack_into(changed, place, code, size, address, 0, count)
        place += head.size + size
    return bytes(changed)


def attack(
    code: str, *, plant: Sequence[str] = (), change: Change = bytes, name: str = "a.blend"
) -> Callable[[Field], Outcome]:
    """An attack by the file that this code saves, with files to be read next to the canary."""

    def run(field: Field) -> Outcome:
        for each in plant:
            field.plant(each, b"CANARY\n")
        data = change(field.prepare("blender", code + ("" if "save_as" in code else SAVE)))
        responses = field.deliver("blender", name, data)
        outcome = field.assert_quiet(doors_said(responses), "blender")
        if field.scopes == "read,write" and all(each.status_code == 403 for each in responses):
            return broke("nothing was tried")
        return outcome

    return run


OBJ = "o A\nv 0 0 0\nv 1 0 0\nv 0 1 0\n{lead}mtllib {up}{home}/m.mtl\nusemtl M\nf 1 2 3\n"
MTL = "newmtl M\nmap_Kd {home}/wood.png\n"


def material(field: Field) -> Outcome:
    """OBJ files whose material library is behind characters that Blender skips."""
    home = field.canary.file.parent
    field.plant("wood.png", b"CANARY\n")
    field.plant("m.mtl", MTL.format(home=home).encode())
    responses: list[httpx.Response] = []
    for lead in ("\x01", "\x7f", "\xff", "\x0b ", "\\\n"):
        text = OBJ.format(lead=lead, up="/.." * 30, home=home).encode("latin-1")
        responses += field.deliver("blender", "a.obj", text, doors=("import",))
    return field.assert_quiet(doors_said(responses), "blender")


def texture(field: Field) -> Outcome:
    """An FBX file whose texture is elsewhere, named absolutely."""
    data = field.prepare("blender", FBX, ".fbx")
    return field.assert_quiet(doors_said(field.deliver("blender", "a.fbx", data, doors=("import",))), "blender")


def trusting(field: Field) -> Outcome:
    """A file that wants to be opened as it is, by every door, by a key that may not execute."""
    data = field.prepare("blender", READING_NODES + SAVE_PACKED)
    [field.plant(each, b"CANARY\n") for each in _READ]
    answers: list[httpx.Response] = []
    with field.client("/api/v1") as client:
        for path in ("/blender/scene/open", "/blender/import"):
            answers.append(client.post(path, files={"file": ("a.blend", data)}, data={"trusted": "true"}))
            answers.append(client.post(path, files={"file": ("a.blend", data)}, params={"trusted": "true"}))
        stored = client.post("/artifacts", files={"file": ("a.blend", data)})
        artifact = stored.json()["result"]["id"] if stored.is_success else "0" * 32
        params = {"artifact": artifact, "trusted": True}
        answers += [client.post(f"/blender{path}", json=params) for path in ("/scene/open", "/import")]
        calls = [{"method": method, "params": params} for method in ("scene.open", "exchange.import")]
        batch = client.post("/blender/batch", json={"calls": calls})
    if any(each.status_code != 403 for each in answers):
        return broke(f"answered {[each.status_code for each in answers]}")
    if batch.is_success and any(each["status"] == "success" for each in batch.json()["result"]["results"]):
        return broke(f"a batch opened it: {batch.text[:200]}")
    return field.assert_quiet(f"refused with 403 by {len(answers)} doors, and in a batch", "blender")


_READ = [
    f"{kind}-{how}.{kind.lower()}"
    for kind in ("Text", "OBJ", "STL", "PLY", "CSV", "VDB")
    for how in ("literal", "given", "joined")
]
_NAMED = ["volume.vdb", "mesh.pc2", "l.ies", "still.png", "frames_0001.png", "film.mp4", "tiles.1001.png"]
PLANTED = (*_READ, *_NAMED)
"""The files next to the canary that these .blend files name."""

ATTACKS = [
    Attack("blend-reading-nodes-zstd", "S2", "blender", attack(READING_NODES + SAVE_PACKED, plant=_READ)),
    Attack("blend-paths", "S3a", "blender", attack(PATHS, plant=_NAMED)),
    Attack("blend-paths-of-another-system", "S3a", "blender", attack(PATHS, plant=_NAMED, change=windows)),
    Attack("blend-strips", "S2", "blender", attack(STRIPS)),
    Attack("blend-scene-strip-gzip", "S3", "blender", attack(SCENE_STRIP, change=lambda data: gzip.compress(data, 1))),
    Attack("blend-caches", "S3", "blender", attack(CACHES)),
    Attack("blend-fluid-folder", "S3", "blender", attack(FLUID_FOLDER)),
    Attack("blend-fluid-python", "S1", "blender", attack(FLUID_PYTHON)),
    Attack("blend-fluid-in-disguise", "S3", "blender", attack(FLUID_FOLDER, change=tampered)),
    Attack("blend-shaders", "S2", "blender", attack(SHADERS, plant=["osl.png", "lens.osl"])),
    Attack("blend-library-overridden", "S2", "blender", attack(LIBRARIES)),
    Attack("blend-library-packed", "S2", "blender", attack(PACKED_LIBRARIES)),
    Attack("obj-material-behind-odd-characters", "S2", "blender", material),
    Attack("fbx-texture-elsewhere", "S2", "blender", texture),
    Attack("blend-trusted-without-execute", "S1", "blender", trusting),
]
