"""Animations: frames as pictures of their own, in all free workers, and the video of them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]
import numpy
import pytest
from PIL import Image

from tests.gateway import eventually

SIZE = {"resolution": [64, 48], "samples": 1, "engine": "workbench"}


def moving(blender: httpx.Client) -> None:
    """Add a cube that crosses the picture of a camera in frames 1 to 5."""
    for path, body in (
        ("/primitives/cube", {"name": "Mover"}),
        ("/camera", {"location": [0, -20, 0], "look_at": [0, 0, 0]}),
        (
            "/objects/Mover/animation",
            {
                "path": "location",
                "keys": [{"frame": 1, "value": [-4, 0, 0]}, {"frame": 5, "value": [4, 0, 0]}],
                "interpolation": "linear",
            },
        ),
    ):
        answer = blender.post(path, json=body)
        assert answer.is_success, answer.text


def animated(blender: httpx.Client, **body: Any) -> dict[str, Any]:
    """Render an animation, and return its job when it has ended."""
    answer = blender.post("/render/animation", json={**SIZE, **body})
    assert answer.status_code == 202, answer.text
    root = str(blender.base_url).split("/api/")[0]
    done: dict[str, Any] = blender.get(root + answer.headers["location"], params={"wait": 90}).json()["result"]
    assert done["state"] == "succeeded", done
    return done


def content(http: httpx.Client, artifact: dict[str, Any]) -> bytes:
    return http.get(artifact["url"]).content


@pytest.mark.parametrize("engine", ["workbench", "cycles"])
def test_every_frame_is_the_picture_that_a_render_of_it_is(
    blender: httpx.Client, http: httpx.Client, engine: str
) -> None:
    moving(blender)
    job = animated(blender, frame_start=1, frame_end=5, frame_step=2, output="run/shot.png", engine=engine)
    frames = job["result"]["frames"]
    assert [each["frame"] for each in frames] == [1, 3, 5]
    assert [each["artifact"]["name"] for each in frames] == [f"run/shot_{number:04d}.png" for number in (1, 3, 5)]
    assert (job["result"]["video"], job["result"]["fps"]) == (None, 24.0)
    assert job["progress"] == {**job["progress"], "fraction": 1.0, "step": 3, "steps": 3}
    assert job["progress"]["preview"]["media_type"] == "image/png"
    assert {each["id"] for each in job["artifacts"]} == {each["artifact"]["id"] for each in frames}
    for each in frames:
        still = blender.post("/render", json={**SIZE, "engine": engine, "frame": each["frame"]}).json()["result"]
        assert content(http, still["artifact"]) == content(http, each["artifact"])
    assert len({each["artifact"]["sha256"] for each in frames}) == 3


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize("format", ["png", "exr"])
def test_the_video_shows_the_frames(
    blender: httpx.Client, http: httpx.Client, tmp_path: Path, kind: str, format: str
) -> None:
    moving(blender)
    job = animated(blender, frame_start=1, frame_end=4, video=kind, fps=12.5, format=format)
    video = job["result"]["video"]
    assert (video["name"], video["media_type"]) == (f"animation.{kind}", f"video/{kind}")
    assert job["progress"]["step"] == job["progress"]["steps"] == 5
    path = tmp_path / f"video.{kind}"
    path.write_bytes(content(http, video))
    read = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    )
    assert re.search(rb"64x48[ ,].* 12.50? fps", read.stderr), read.stderr
    shown = numpy.frombuffer(read.stdout, numpy.uint8).reshape(-1, 48, 64, 3).astype(int)
    assert len(shown) == 4
    stills = animated(blender, frame_start=1, frame_end=4)["result"]["frames"]
    for frame, still in zip(shown, stills, strict=True):
        file = tmp_path / "still.png"
        file.write_bytes(content(http, still["artifact"]))
        expected = numpy.asarray(Image.open(file).convert("RGB")).astype(int)
        assert numpy.abs(frame - expected).mean() < 6


def test_a_camera_that_is_added_is_the_same_in_every_frame(blender: httpx.Client, http: httpx.Client) -> None:
    blender.post("/primitives/cube", json={})
    result = animated(blender, frame_start=1, frame_end=4)["result"]
    assert [each["code"] for each in result["warnings"]] == ["temporary_camera"]
    assert len({each["artifact"]["sha256"] for each in result["frames"]}) == 1


def test_the_frames_are_those_of_the_scene_unless_the_request_says_others(blender: httpx.Client) -> None:
    moving(blender)
    assert blender.patch("/scene", json={"frame_start": 3, "frame_end": 4, "fps": 30}).is_success
    result = animated(blender)["result"]
    assert ([each["frame"] for each in result["frames"]], result["fps"]) == ([3, 4], 30.0)


def test_later_changes_are_not_in_the_pictures(blender: httpx.Client) -> None:
    moving(blender)
    before = animated(blender, frame_start=2, frame_end=2)["result"]["frames"][0]["artifact"]["sha256"]
    answer = blender.post("/render/animation", json={**SIZE, "frame_start": 2, "frame_end": 2})
    assert blender.delete("/objects/Mover").is_success
    root = str(blender.base_url).split("/api/")[0]
    done = blender.get(root + answer.headers["location"], params={"wait": 90}).json()["result"]
    assert done["result"]["frames"][0]["artifact"]["sha256"] == before


def test_finished_frames_stay_when_an_animation_is_cancelled_and_are_not_rendered_again(
    blender: httpx.Client, http: httpx.Client
) -> None:
    moving(blender)
    body = {**SIZE, "frame_start": 1, "frame_end": 40}
    path = blender.post("/render/animation", json=body).headers["location"]
    eventually(lambda: http.get(path).json()["result"]["progress"]["step"] >= 3, what="three frames")
    cancelled = http.delete(path).json()["result"]
    assert cancelled["state"] == "cancelled"
    kept = [each["id"] for each in cancelled["artifacts"]]
    assert 3 <= len(kept) < 40
    assert http.post(path + "/retry").status_code == 202
    done = http.get(path, params={"wait": 90}).json()["result"]
    assert (done["state"], done["attempts"]) == ("succeeded", 2)
    assert len(done["artifacts"]) == 40
    assert set(kept) <= {each["artifact"]["id"] for each in done["result"]["frames"]}


@pytest.mark.parametrize(
    "body",
    [
        {"frame": 3},
        {"frame_start": 2, "frame_end": 1},
        {"video": "avi"},
        {"video": "mp4", "resolution": [63, 64]},
        {"fps": 24},
        {"frame_step": 0},
        {"video": "mp4", "fps": 0},
    ],
)
def test_what_is_not_an_animation_is_refused(blender: httpx.Client, body: dict[str, Any]) -> None:
    answer = blender.post("/render/animation", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_error")


def test_an_animation_of_too_many_frames_fails_with_the_limit(blender: httpx.Client, http: httpx.Client) -> None:
    answer = blender.post("/render/animation", json={**SIZE, "frame_start": 1, "frame_end": 20_000})
    done = http.get(answer.headers["location"], params={"wait": 60}).json()["result"]
    assert (done["state"], done["error"]["code"]) == ("failed", "limit_exceeded")
    assert done["error"]["details"]["limit"] == "max_frames"
