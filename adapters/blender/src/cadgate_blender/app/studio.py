"""The studio: three lights, a ground, a world and a camera around objects, all in a collection of its own."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Sequence

import bpy
from mathutils import Matrix, Vector

from cadgate.appserver import AppError, about_to_change, method, warn
from cadgate_blender.app import keyframes, names, versions
from cadgate_blender.app.framing import corners_of, distance
from cadgate_blender.app.objects import remove
from cadgate_blender.app.rna_paths import resolve
from cadgate_blender.app.scene_index import index, precise
from cadgate_blender.app.typed import context

COLLECTION = "Studio"
MARK = "cadgate_studio"
TURN = 72
_SEEN = "cadgate_view_transform"
"""Where a studio keeps the view transform that it changed."""
_MARGIN = 1.12
LARGEST = 1e12
"""The largest radius of what a studio is made for; squares of greater ones leave the range of 32-bit floats."""


class _Light(NamedTuple):
    """A light: its place around the objects, and how strong and large it is in radii of theirs."""

    name: str
    azimuth: float
    elevation: float
    reach: float
    strength: float
    size: float
    color: Sequence[float]


_WARM, _COLD, _WHITE = (1.0, 0.96, 0.9), (0.9, 0.95, 1.0), (1.0, 1.0, 1.0)
_LIGHTS = {
    "soft": (
        _Light("Studio Key", -45, 45, 4, 5.5, 3.0, _WARM),
        _Light("Studio Fill", 60, 25, 5, 1.8, 4.0, _COLD),
        _Light("Studio Rim", 165, 50, 4, 4.0, 2.0, _WHITE),
    ),
    "contrast": (
        _Light("Studio Key", -70, 40, 4, 9.0, 0.8, _WARM),
        _Light("Studio Fill", 60, 15, 5, 0.35, 3.0, _COLD),
        _Light("Studio Rim", 150, 40, 4, 12.0, 1.2, _COLD),
    ),
    "white": (
        _Light("Studio Key", -45, 55, 4, 2.2, 3.0, _WHITE),
        _Light("Studio Fill", 60, 40, 4, 0.8, 4.0, _WHITE),
        _Light("Studio Rim", 170, 60, 4, 2.0, 3.0, _WHITE),
    ),
}
_GROUND = {"soft": (0.35, 0.35, 0.36), "contrast": (0.012, 0.012, 0.014), "white": (1.0, 1.0, 1.0)}
_WORLD = {"soft": ((0.8, 0.85, 0.9), 0.35), "contrast": ((0.02, 0.02, 0.025), 0.3), "white": ((1.0, 1.0, 1.0), 1.05)}


@method("studio.set")
@precise()
def set_studio(
    *,
    objects: list[str] | None,
    style: str,
    ground: str,
    turn: bool | int | None,
    azimuth: float,
    elevation: float,
    lens: float,
) -> dict[str, Any]:
    """Add a studio around objects, in place of an earlier one, and return what was added."""
    chosen = None if objects is None else [names.find_object(name) for name in objects]
    former = [obj for obj in bpy.data.objects if MARK in obj]
    corners = corners_of(
        lambda obj: MARK not in obj.original and (chosen is None or obj.original in chosen),
        hidden=chosen is not None,
    )
    if not corners:
        what = "The scene shows" if chosen is None else f"{', '.join(map(repr, objects or ()))} show"
        raise AppError("nothing_to_see", f"{what} no surface that a camera could frame: add or show an object first")
    least = Vector([min(corner[axis] for corner in corners) for axis in range(3)])
    most = Vector([max(corner[axis] for corner in corners) for axis in range(3)])
    middle, radius = (least + most) / 2, max((most - least).length / 2, 1e-4)
    if not radius <= LARGEST:
        raise AppError(
            "limit_exceeded",
            f"What is to be framed is {2 * radius:g} across, and Blender's numbers end where lights for it would be: "
            f"scale it down to {2 * LARGEST:g} or less, or choose smaller `objects`",
            {"value": 2 * radius if math.isfinite(radius) else None, "maximum": 2 * LARGEST},
        )
    about_to_change()
    replaced = [obj.name for obj in former]
    for obj in former:
        remove(obj)
    frames = 0 if turn is None or turn is False else TURN if turn is True else int(turn)
    room = _Room(_collection(), middle, radius)
    rig = room.empty("Studio Turn") if frames else None
    lights = [room.light(each, azimuth, rig) for each in _LIGHTS[style]]
    camera = room.camera(azimuth, elevation, lens, corners, rig, turning=bool(frames))
    floor = None if ground == "none" else room.ground(style, least.z, ground == "shadow", camera)
    made = [*([rig] if rig else []), *lights, camera, *([floor] if floor else [])]
    scene: Any = context.scene
    scene.camera = camera
    scene.world = _world(style)
    _see(scene, room.collection, style)
    if rig is not None:
        _turn(rig, frames)
        scene.frame_start, scene.frame_end = 1, frames
        scene.frame_set(1)
    index.scene("changed")
    if any(obj.type == "LIGHT" and obj not in lights and not obj.hide_render for obj in scene.objects):
        warn("other_lights", "The scene has other lights too, which also light these pictures: hide or delete them")
    return {
        "objects": [index.created(obj, (room.collection,), is_own=True) for obj in made],
        "camera": camera.name,
        "lights": [light.name for light in lights],
        "ground": floor.name if floor else None,
        "turn": rig.name if rig else None,
        "world": scene.world.name,
        "replaced": replaced,
        "frame_start": scene.frame_start,
        "frame_end": scene.frame_end,
        "view_transform": scene.view_settings.view_transform,
    }


def _collection() -> Any:
    found = bpy.data.collections.get(COLLECTION)
    if found is None:
        found = bpy.data.collections.new(COLLECTION)
        found.use_fake_user = True
        context.scene.collection.children.link(found)
    return found


def _direction(azimuth: float, elevation: float) -> Any:
    """Return the direction from the middle to a place: azimuth from the front (-Y) towards the right (+X)."""
    around, up = math.radians(azimuth), math.radians(elevation)
    return Vector((math.sin(around) * math.cos(up), -math.cos(around) * math.cos(up), math.sin(up)))


class _Room:
    """The space around the objects, and how things are put into it."""

    def __init__(self, collection: Any, middle: Any, radius: float) -> None:
        self.collection = collection
        self._middle, self._radius = middle, radius

    def _add(self, name: str, data: Any, matrix: Any, rig: Any = None) -> Any:
        obj = bpy.data.objects.new(name, data)
        obj[MARK] = True
        if data is not None:
            versions.rename(data, obj.name)
        if rig is not None:
            obj.parent = rig
            matrix = Matrix.Translation(-self._middle) @ matrix
        obj.rotation_mode = "XYZ"
        obj.matrix_basis = matrix
        self.collection.objects.link(obj)
        return obj

    def _aimed(self, direction: Any, reach: float) -> Any:
        turn = (-direction).to_track_quat("-Z", "Y").to_matrix().to_4x4()
        return Matrix.Translation(self._middle + direction * reach) @ turn

    def empty(self, name: str) -> Any:
        return self._add(name, None, Matrix.Translation(self._middle))

    def light(self, about: _Light, azimuth: float, rig: Any) -> Any:
        reach = about.reach * self._radius
        light: Any = bpy.data.lights.new(about.name, "AREA")
        light.energy, light.size = about.strength * reach * reach, about.size * self._radius
        light.color = about.color
        # Lights stand where they do for a camera in front, and go with it.
        direction = _direction(azimuth + about.azimuth, about.elevation)
        return self._add(about.name, light, self._aimed(direction, reach), rig)

    def camera(
        self, azimuth: float, elevation: float, lens: float, corners: Sequence[Any], rig: Any, *, turning: bool
    ) -> Any:
        camera: Any = bpy.data.cameras.new("Studio Camera")
        camera.lens = lens
        directions = [_direction(azimuth + step * 10, elevation) for step in range(36 if turning else 1)]
        # It fits into every picture up to 16 : 9, upright ones too.
        slope = camera.sensor_width / 2 / lens * 9 / 16
        away = (
            max(distance([corner - self._middle for corner in corners], each, slope) for each in directions) * _MARGIN
        )
        camera.clip_start, camera.clip_end = max(away / 1000, 1e-5), away * 100
        return self._add("Studio Camera", camera, self._aimed(directions[0], away), rig)

    def ground(self, style: str, height: float, shadow: bool, camera: Any) -> Any:
        reach = max(20 * self._radius, 10 * (camera.matrix_basis.translation.length + self._radius))
        mesh = bpy.data.meshes.new("Studio Ground")
        mesh.from_pydata(
            [(-reach, -reach, 0), (reach, -reach, 0), (reach, reach, 0), (-reach, reach, 0)], [], [(0, 1, 2, 3)]
        )
        material: Any = bpy.data.materials.get("Studio Ground")
        if material is None or MARK not in material:
            material = bpy.data.materials.new("Studio Ground")
            material[MARK] = True
            material.use_fake_user = True
            versions.use_nodes(material)
        node = next(each for each in material.node_tree.nodes if each.bl_idname == "ShaderNodeBsdfPrincipled")
        node.inputs["Base Color"].default_value = (*_GROUND[style], 1.0)
        node.inputs["Roughness"].default_value = 0.6 if style == "contrast" else 0.9
        material.diffuse_color = (*_GROUND[style], 1.0)
        mesh.materials.append(material)
        # A hair below, so that faces that stand on it are not in one plane with it.
        place = Vector((self._middle.x, self._middle.y, height - 1e-4 * self._radius))
        obj = self._add("Studio Ground", mesh, Matrix.Translation(place))
        obj.is_shadow_catcher = shadow
        return obj


def _world(style: str) -> Any:
    world: Any = next((each for each in bpy.data.worlds if MARK in each), None)
    if world is None:
        world = bpy.data.worlds.new("Studio World")
        world[MARK] = True
        world.use_fake_user = True
        versions.use_nodes(world)
    color, strength = _WORLD[style]
    node = next(each for each in world.node_tree.nodes if each.bl_idname == "ShaderNodeBackground")
    node.inputs["Color"].default_value = (*color, 1.0)
    node.inputs["Strength"].default_value = strength
    world.color = color
    return world


def _see(scene: Any, collection: Any, style: str) -> None:
    """Set the view transform by which white is white, or what was set before that."""
    if style == "white" and _SEEN not in collection:
        collection[_SEEN] = scene.view_settings.view_transform
        scene.view_settings.view_transform = "Standard"
    elif style != "white" and _SEEN in collection:
        scene.view_settings.view_transform = collection[_SEEN]
        del collection[_SEEN]


def _turn(rig: Any, frames: int) -> None:
    """Key one turn, the other way round than the objects seem to go; the frame after the last is the first again."""
    target, _ = resolve(rig, "rotation_euler")
    keyframes.write(target, {2: [(1.0, 0.0), (frames + 1.0, -2 * math.pi)]}, "linear")
