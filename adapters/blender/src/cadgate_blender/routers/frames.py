"""The route of animations, and how the gateway makes one: a copy of the scene, its frames in all free workers."""

from __future__ import annotations

import secrets
from pathlib import Path, PurePosixPath
from typing import Any, cast

from cadgate.plugin import (
    Application,
    CommandExecutionError,
    Finished,
    Handler,
    Router,
    StagedFile,
    Success,
    ValidationFailed,
)
from cadgate_blender import limits
from cadgate_blender.models.frames import ANIMATION, Animated, AnimationParams
from cadgate_blender.routers.blender import Blender
from cadgate_blender.routers.rendering import check_size, without_gpu
from cadgate_blender.settings import BlenderSettings

router = Router()

_OWN = {"output", "frame_start", "frame_end", "frame_step", "video", "fps"}
"""The parameters that are not for single frames."""


async def render_animation(app: Application, params: AnimationParams) -> Animated:
    """Render each frame of a copy of the session in whatever worker is free, then encode the video."""
    check_size(app, *params.resolution, params.samples)
    _check_output(app, params)
    async with app.work_folder() as folder:
        scene = await app.run_once("scene", lambda: _save(app, params, folder), kept=lambda made: _there(folder, made))
        path = str(folder / scene["file"])
        numbers = _numbers(app, params, scene)
        first = numbers[0]
        wire = params.model_dump(mode="json", exclude=_OWN)

        async def one(name: str) -> Finished:
            async with app.worker() as worker, _stage(app, params, f"_{int(name):04d}", params.suffix) as staged:

                def progress(data: dict[str, Any]) -> None:
                    app.report(data.get("percent", 0.0) / 100, step=name)

                app.report(0.0, f"rendering frame {name}", step=name)
                places = {"scene_path": path, "path": str(staged.path), "place": worker.place}
                call = {**wire, **places, "frame": int(name), "first": first}
                with without_gpu(params.engine):
                    made = await worker.send("internal.frame", call, progress)
                artifact = await staged.commit()
            return Finished({**made, "artifact": artifact.model_dump(mode="json")}, (artifact,))

        video = params.video is not None
        frames = await app.run_steps([str(each) for each in numbers], one, followed_by=1 if video else 0)
        fps = params.fps or scene["fps"]
        encoded = await app.run_once("video", lambda: _encode(app, params, frames, fps, path)) if video else None
    return _result(params, frames, encoded, fps)


async def _save(app: Application, params: AnimationParams, folder: Path) -> Finished:
    """Save the scene for the workers; return what it says of itself."""
    name = f"{secrets.token_hex(8)}.blend"
    chosen = {"camera": params.camera, "objects": params.objects}
    app.report(message="saving a copy of the scene")
    return Finished({"file": name, **await app.send("internal.render_scene", {"path": str(folder / name), **chosen})})


def _check_output(app: Application, params: AnimationParams) -> None:
    """Raise PathNotAllowed, and Conflict, as a still picture of that name would."""
    if params.output is not None:
        app.stage(params.output, default="animation", suffix=params.suffix)


def _there(folder: Path, scene: dict[str, Any]) -> bool:
    return (folder / scene["file"]).exists()


def _numbers(app: Application, params: AnimationParams, scene: dict[str, Any]) -> range:
    start = scene["frame_start"] if params.frame_start is None else params.frame_start
    end = scene["frame_end"] if params.frame_end is None else params.frame_end
    if end < start:
        raise ValidationFailed(
            f"There are no frames from {start} to {end}: send frame_start and frame_end, or change those of the scene",
            details={"frame_start": start, "frame_end": end},
        )
    numbers = range(start, end + 1, params.frame_step)
    limits.check(cast("BlenderSettings", app.settings), "The number of frames", len(numbers), "max_frames")
    return numbers


def _stage(app: Application, params: AnimationParams, mark: str, suffix: str) -> StagedFile:
    """Return a place for a file of the animation, which has `mark` at the end of its name."""
    if params.output is None:
        return app.stage(None, default=f"animation{mark}", suffix=suffix)
    given = PurePosixPath(params.output)
    return app.stage(str(given.with_name(given.name.removesuffix(params.suffix) + mark + suffix)), default="")


async def _encode(
    app: Application, params: AnimationParams, frames: dict[str, Any], fps: float, scene: str
) -> Finished:
    """Write the video from the finished pictures."""
    app.report(message=f"encoding the {params.video}")
    async with app.worker() as worker, _stage(app, params, "", f".{params.video}") as staged:
        pictures = [str(await staged.bring(app.artifacts.get(each["artifact"]["id"]))) for each in frames.values()]
        linear = params.format == "exr"
        call = {"pictures": pictures, "path": str(staged.path), "kind": params.video, "fps": fps}
        made = await worker.send("internal.video", {**call, "view_path": scene if linear else None})
        artifact = await staged.commit()
    return Finished({**made, "artifact": artifact.model_dump(mode="json")}, (artifact,))


def _result(params: AnimationParams, frames: dict[str, Any], encoded: dict[str, Any] | None, fps: float) -> Animated:
    made = list(frames.values())
    warnings = {each["code"]: each for frame in made for each in frame.get("warnings", ())}
    if encoded is not None and params.transparent:
        text = "The pictures are transparent; a video cannot be, and is on black there"
        warnings["video_opaque"] = {"code": "video_opaque", "message": text}
    if not made:
        raise CommandExecutionError("No frame was rendered")
    return Animated.model_validate(
        {
            "frames": [
                {"frame": int(number), "artifact": frame["artifact"], "seconds": frame["seconds"]}
                for number, frame in frames.items()
            ],
            "video": None if encoded is None else encoded["artifact"],
            "width": made[0]["width"],
            "height": made[0]["height"],
            "fps": fps,
            "engine": params.engine,
            "samples": params.samples,
            "seconds": round(sum(frame["seconds"] for frame in made), 4),
            "warnings": list(warnings.values()),
        }
    )


ANIMATION_HANDLER = Handler(ANIMATION, render_animation, works_aside=True)


@router.operation("POST", "/render/animation", ANIMATION, errors=(404,), status_code=202)
async def animation(params: AnimationParams, blender: Blender) -> Success[Animated]:
    """Render a range of frames, always as a job: the response is 202, and its `result` comes with the job.

    Every frame is a file of its own, rendered in whatever worker is free; `video` adds an mp4 (H.264) or webm (VP9) of
    them. They show the scene as it is when the job begins. After a restart only missing frames are rendered.
    """
    _check_output(blender, params)  # now, not when the job begins
    return Success(await blender.call(ANIMATION, params))
