"""examples/film.py: a turntable from a GLB by three calls, in a short form; the long one is the same command."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]
import numpy
import pytest
from PIL import Image

from tests.docs.test_examples import command, environment
from tests.gateway import Gateway

trimesh: Any = importlib.import_module("trimesh")
FRAMES, SIZE = 8, 64
RAW = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-")


def model(path: Path) -> Path:
    """A red beam with a small box at one end, so that each of its sides looks different."""
    beam: Any = trimesh.creation.box((0.2, 0.05, 0.05))
    knob: Any = trimesh.creation.box((0.05, 0.07, 0.1))
    knob.apply_translation((0.1, 0, 0.05))
    joined: Any = trimesh.util.concatenate([beam, knob])
    red: Any = trimesh.visual.material.PBRMaterial(baseColorFactor=[255, 20, 20, 255], roughnessFactor=0.6)
    joined.visual = trimesh.visual.TextureVisuals(material=red)
    path.write_bytes(joined.export(file_type="glb"))
    return path


def film(gateway: Gateway, glb: Path, folder: Path) -> list[str]:
    """The SHA-256 of each frame."""
    folder.mkdir()
    arguments = ("--frames", FRAMES, "--width", SIZE, "--samples", 2, "--output", folder)
    done = subprocess.run(
        command("film.py", glb, *arguments), env=environment(gateway), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "frames.txt").read_text().split()


@pytest.mark.timeout(240)
def test_a_glb_is_filmed_all_around_and_again_byte_for_byte(gateway: Gateway, tmp_path: Path, new_scene: bytes) -> None:
    with gateway.client("/api/v1/blender") as client:
        # A scene that others have used may have settings of theirs, which clearing keeps.
        assert client.post("/scene/open", files={"file": ("new.blend", new_scene)}).status_code == 200
    glb = model(tmp_path / "beam.glb")
    frames = film(gateway, glb, tmp_path / "one")
    assert len(set(frames)) == len(frames) == FRAMES
    read = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", tmp_path / "one" / "film.mp4", *RAW],
        capture_output=True,
        check=True,
    )
    assert re.search(rb"h264.* 64x64[ ,].* 24 fps", read.stderr), read.stderr
    shown = numpy.frombuffer(read.stdout, numpy.uint8).reshape(-1, SIZE, SIZE, 3).astype(int)
    assert len(shown) == FRAMES
    for number, name in ((0, "first.png"), (-1, "last.png")):
        with Image.open(tmp_path / "one" / name) as opened:
            picture = numpy.asarray(opened.convert("RGB")).astype(int)
        assert numpy.abs(picture - shown[number]).mean() < 8
        # The beam is red, in the middle, and nothing of it is cut off.
        red = (picture[:, :, 0] > picture[:, :, 1] * 1.5) & (picture[:, :, 0] > 60)
        rows, columns = numpy.nonzero(red)
        assert 0.02 < red.mean() < 0.5
        assert 2 < rows.min() <= rows.max() < SIZE - 2
        assert 2 < columns.min() <= columns.max() < SIZE - 2
    # The frame after the last would be the first: the last is nearer to it than the one of half a turn.
    assert numpy.abs(shown[-1] - shown[0]).mean() > 0.5
    assert film(gateway, glb, tmp_path / "two") == frames
