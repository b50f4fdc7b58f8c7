"""The clients in examples/ do what they say, against real applications."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy
import pytest

from tests.docs.snippets import ROOT
from tests.gateway import Gateway, eventually

EXAMPLES = ROOT / "examples"


def command(name: str, *arguments: object) -> list[str]:
    return [sys.executable, str(EXAMPLES / name), *map(str, arguments)]


def environment(gateway: Gateway) -> dict[str, str]:
    return {**os.environ, "CADGATE_URL": gateway.url}


def run(gateway: Gateway, name: str, *arguments: object) -> str:
    """What an example prints."""
    done = subprocess.run(
        command(name, *arguments), env=environment(gateway), capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_flange_is_exported_with_the_measures_that_were_asked_for(gateway: Gateway, tmp_path: Path) -> None:
    printed = run(gateway, "flange.py", "--outer", 80, "--bore", 20, "--bolts", 4, "--output", tmp_path)

    # Disc and hub without the bore, minus four holes through the disc: π (40²·12 + 18²·12 - 10²·24 - 4·4.5²·12) mm³
    assert printed.startswith(
        f"{3.141592653589793 * (1600 * 12 + 324 * 12 - 100 * 24 - 4 * 20.25 * 12) / 1000:.1f} cm³"
    )
    assert (tmp_path / "flange.step").read_bytes().startswith(b"ISO-10303-21")
    assert (tmp_path / "flange.stl").stat().st_size > 10_000


def test_a_flange_that_cannot_be_is_refused_and_says_why(gateway: Gateway) -> None:
    done = subprocess.run(
        command("flange.py", "--bolts", 1), env=environment(gateway), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("features.polar_pattern: count")


def test_the_turntable_shows_a_model_from_different_sides(gateway: Gateway, tmp_path: Path) -> None:
    model = tmp_path / "wedge.obj"
    model.write_text("v 0 0 0\nv 2 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n")

    printed = run(gateway, "turntable.py", model, "--frames", 2, "--width", 64, "--output", tmp_path)

    assert "1 objects, 4 vertices" in printed
    pictures = [(tmp_path / f"turn-{number:03}.png").read_bytes() for number in range(2)]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    assert pictures[0] != pictures[1]


def test_a_freecad_part_is_filmed_on_a_turntable(gateway: Gateway, tmp_path: Path) -> None:
    with gateway.client("/api/v1/blender") as client:
        client.delete("/scene")
    done = subprocess.run(
        command("spin.py", 72, 96),
        env=environment(gateway),
        cwd=tmp_path,
        capture_output=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    pictures = frames_of(tmp_path / "spin.mp4", 96)
    assert len(pictures) == 72
    first, quarter, last = pictures[0], pictures[18], pictures[71]
    # The part is in the middle of the first, the frame after the last would be the first again, and a quarter differs.
    assert abs(first[48, 48] - first[2, 2]).max() > 20
    assert abs(last - first).mean() < 8 < abs(quarter - first).mean()


def frames_of(video: Path, size: int) -> Any:
    """Return the pictures of a square video: frame, row, column, colour."""
    read = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", video, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    )
    return numpy.frombuffer(read.stdout, numpy.uint8).reshape(-1, size, size, 3).astype(int)


def test_watch_prints_what_others_do(gateway: Gateway) -> None:
    with (
        subprocess.Popen(
            command("watch.py", "freecad", "--topics", "objects", "--count", 1),
            env=environment(gateway),
            stdout=subprocess.PIPE,
            text=True,
        ) as watching,
        gateway.client("/api/v1/freecad") as client,
    ):
        assert watching.stdout is not None
        assert watching.stdout.readline() == "watching objects\n"
        made = client.post("/primitives/box", json={}).json()["result"]
        printed = watching.stdout.readline()
        assert watching.wait(20) == 0
    assert printed.startswith("objects action=created")
    assert f"name={made['name']}" in printed


@pytest.mark.timeout(240)
def test_the_resilient_client_makes_everything_once_although_blender_is_killed(own_gateway: Gateway) -> None:
    own_gateway.start()
    with subprocess.Popen(
        command("resilient.py", "--count", 60), env=environment(own_gateway), stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        lines: list[str] = []
        for line in running.stdout:
            lines.append(line)
            if line in ("made 20\n", "made 40\n"):
                os.kill(own_gateway.application_pid("blender"), signal.SIGKILL)
        assert running.wait(20) == 0
    assert [line for line in lines if line.startswith("made")] == [f"made {number}\n" for number in range(60)]
    assert any(re.match("again: application_(restarted|starting)", line) for line in lines)
    with own_gateway.client("/api/v1/blender") as client:
        # The last kill may come after the last answer: then Blender is on its way back.
        listed = eventually(lambda: client.get("/objects", params={"fields": "name"}).json().get("result"))
    assert listed["total"] == 60
