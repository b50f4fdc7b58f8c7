"""What a glTF file does to the points of a mesh before its node places it (instances, morphs, bones), and colours."""

from __future__ import annotations

from array import array
from typing import Any, Callable, Iterator, Sequence

from cadgate_freecad.app.reading.transforms import IDENTITY, Transform, point, product

INSTANCING = "EXT_mesh_gpu_instancing"
_GLOSS = "KHR_materials_pbrSpecularGlossiness"
_EVEN = 1.5 / 255
Numbers = Callable[[int, Sequence[str]], Iterator[float]]
"""Reads an accessor, which has one of these types."""


def matrix_of(translation: Sequence[float], rotation: Sequence[float], scale: Sequence[float]) -> Transform:
    """Return the transform of a node or an instance; `rotation` is a quaternion."""
    tx, ty, tz = translation
    x, y, z, w = rotation
    sx, sy, sz = scale
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), tx),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), ty),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), tz),
    )
    return tuple(part for a, b, c, t in rows for part in (a * sx, b * sy, c * sz, t))


def of_columns(numbers: Sequence[float]) -> Transform:
    """Return the transform that 16 numbers stand for, column by column."""
    return tuple(float(numbers[column * 4 + row]) for row in range(3) for column in range(4))


def instances(node: dict[str, Any], numbers: Numbers) -> list[Transform]:
    """Return where a node shows its mesh, in the node: once, unless it says otherwise."""
    attributes = node.get("extensions", {}).get(INSTANCING, {}).get("attributes")
    if not attributes:
        return [IDENTITY]
    columns: dict[str, list[Sequence[float]]] = {}
    for name, kind, width in (("TRANSLATION", "VEC3", 3), ("ROTATION", "VEC4", 4), ("SCALE", "VEC3", 3)):
        if name in attributes:
            flat = [*numbers(attributes[name], [kind])]
            columns[name] = [flat[at : at + width] for at in range(0, len(flat), width)]
    count = max((len(each) for each in columns.values()), default=1)
    still = {"TRANSLATION": (0.0, 0.0, 0.0), "ROTATION": (0.0, 0.0, 0.0, 1.0), "SCALE": (1.0, 1.0, 1.0)}
    every = [columns.get(name, [value] * count) for name, value in still.items()]
    return [matrix_of(*parts) for parts in zip(*every)]


def mixed(points: array[float], primitive: dict[str, Any], weights: Sequence[float], numbers: Numbers) -> None:
    """Move the points by the morph targets that have a weight."""
    for weight, target in zip(weights, primitive.get("targets", [])):
        if weight and "POSITION" in target:
            for index, value in enumerate(numbers(target["POSITION"], ["VEC3"])):
                points[index] += weight * value


def joints_of(skin: dict[str, Any], worlds: Callable[[int], Transform], numbers: Numbers) -> list[Transform]:
    """Return what each bone does to the points of a mesh: from where it was bound to where it is."""
    joints = [worlds(number) for number in skin["joints"]]
    if "inverseBindMatrices" not in skin:
        return joints
    flat = [*numbers(skin["inverseBindMatrices"], ["MAT4"])]
    bound = [of_columns(flat[at : at + 16]) for at in range(0, len(flat), 16)]
    return [product(world, back) for world, back in zip(joints, bound)]


def posed(
    points: array[float], attributes: dict[str, int], joints: Sequence[Transform], numbers: Numbers
) -> array[float]:
    """Return the points where the bones put them."""
    sets = [each[7:] for each in attributes if each.startswith("JOINTS_") and f"WEIGHTS_{each[7:]}" in attributes]
    tables = [
        ([*numbers(attributes[f"JOINTS_{each}"], ["VEC4"])], [*numbers(attributes[f"WEIGHTS_{each}"], ["VEC4"])])
        for each in sets
    ]
    found = array("d")
    for at in range(len(points) // 3):
        place, total, whole = points[3 * at : 3 * at + 3], [0.0, 0.0, 0.0], 0.0
        for numbered, weighed in tables:
            for slot in range(4 * at, 4 * at + 4):
                weight = weighed[slot]
                if weight:
                    moved = point(joints[int(numbered[slot])], place[0], place[1], place[2])
                    total = [a + weight * b for a, b in zip(total, moved)]
                    whole += weight
        found.extend([each / whole for each in total] if whole else place)
    return found


def even_color(primitive: dict[str, Any], document: dict[str, Any], numbers: Numbers) -> list[float] | None:
    """Return the one colour of all points of a primitive, which multiplies its material; None if they differ."""
    number = primitive["attributes"].get("COLOR_0")
    if number is None:
        return [1.0, 1.0, 1.0, 1.0]
    width = 4 if document["accessors"][number]["type"] == "VEC4" else 3
    flat = [*numbers(number, ["VEC3", "VEC4"])]
    for channel in range(width):
        of_all = flat[channel::width]
        if of_all and max(of_all) - min(of_all) > _EVEN:
            return None
    return [*flat[:width], 1.0][:4] if flat else [1.0, 1.0, 1.0, 1.0]


def look_of(material: dict[str, Any]) -> tuple[Sequence[float], bool]:
    """Return the colour of a material, and whether it has a picture as well."""
    gloss = material.get("extensions", {}).get(_GLOSS)
    if gloss is not None:
        return gloss.get("diffuseFactor", (1.0, 1.0, 1.0, 1.0)), "diffuseTexture" in gloss
    look = material.get("pbrMetallicRoughness", {})
    return look.get("baseColorFactor", (1.0, 1.0, 1.0, 1.0)), "baseColorTexture" in look
