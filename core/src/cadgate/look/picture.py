"""One view as an image: shaded triangles, outlines and lines, section faces, and where each object is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PIL import Image

from cadgate.look import raster
from cadgate.look.arrays import Array, np
from cadgate.look.raster import Frame
from cadgate.look.shapes import Mesh
from cadgate.look.views import View

BACKGROUND = (244, 246, 248)
OUTLINE = (40, 44, 52)
_LIGHT = np.array((-0.25, 0.35, 1.0))
_AMBIENT = 0.45
_THIN = 3.0
"""Pixels below which the sides of an object may fall between pixels."""
_LOOKED_AT = 2048 * 2048
"""The number of pixels among which the one is sought that stands for an object."""
_MANY = 1_500_000
"""The number of triangles above which one pixel is drawn for each of the sheet, since edges hardly matter then."""


@dataclass
class Spot:
    """Where an object is in a view, in pixels of the sheet."""

    anchor: tuple[int, int]
    """A pixel that shows it, near the middle of its visible part."""
    pixels: float
    """The number of pixels that show it."""


@dataclass
class Style:
    """How objects are drawn: `base` is the RGB colour (0…1) of each row of the mesh's palette."""

    kind: str
    base: Array
    line: Array
    """The RGB colour (0…1) in which the lines of each object are drawn where they stand for the object."""
    bold: set[int]
    """The places of objects with a thick outline."""


def draw(view: View, mesh: Mesh, style: Style, sharpness: int) -> tuple[Image.Image, dict[int, Spot], Array]:
    """Return the image of the view, as large as its rectangle; what is visible, by its place; and what is where.

    `sharpness` is how many pixels across are drawn for each pixel of the sheet.
    """
    sharpness = 1 if len(mesh.triangles) > _MANY else sharpness
    width, height = view.rectangle[2] * sharpness, view.rectangle[3] * sharpness
    seen = view.in_view(mesh.points, mesh.origin)
    lines, line_owner = mesh.lines, mesh.line_owner
    if view.shows_perspective:
        seen, mesh = _before_camera(view, seen, mesh)
        near = view.camera.near if view.camera is not None else 0.0
        ahead = (seen[lines, 2] > near).all(axis=1)
        lines, line_owner = lines[ahead], line_owner[ahead]
    points = view.to_pixels(seen, sharpness)
    front = _front(view, mesh, sharpness)
    area = _areas(points[mesh.triangles])
    frame = _nearest(view, points, mesh, area, (width, height), front)
    if view.camera is not None:
        frame = _masked(frame, view, sharpness)
    owner = np.full(width * height, -1, np.int32)
    for part in raster.parts(len(owner) if len(mesh.owner) else 0):
        number = frame.triangle[part]
        owner[part] = np.where(number < 0, -1, mesh.owner[number])
    caps = _caps(points, mesh, area, front, width, height) if front is not None else None
    lit = _shades(view, mesh, area)
    colors = np.clip(style.base[mesh.color] * lit[:, None], 0, 1) * 255 + 0.5
    table = np.concatenate([colors.astype(np.uint8), np.array([BACKGROUND], np.uint8)])
    image = np.empty((height * width, 3), np.uint8)
    if style.kind == "wire":
        image[:] = BACKGROUND
    else:
        for part in raster.parts(len(image)):
            np.take(table, frame.triangle[part], axis=0, out=image[part], mode="wrap")
    if caps is not None:
        _draw_caps(image, owner, caps, mesh, style, width)
        frame = frame._replace(depth=np.where(caps >= 0, front, frame.depth))
    image = image.reshape(height, width, 3)
    shown = owner.reshape(height, width)
    _outline(image, shown, style, sharpness)
    _draw_thin(image, shown, points, frame, front, mesh, style)
    shown = _draw_lines(view, image, shown, points, lines, line_owner, frame, front, mesh, style, sharpness)
    spots = _spots(shown, view, sharpness)
    picture = Image.fromarray(image)
    coarse = shown[sharpness // 2 :: sharpness, sharpness // 2 :: sharpness]
    return (picture.reduce(sharpness) if sharpness > 1 else picture), spots, coarse


def _nearest(view: View, points: Array, mesh: Mesh, area: Array, size: tuple[int, int], front: float | None) -> Frame:
    """Return what is nearest, without looking at what cannot be: the far side of bodies that are seen from outside."""
    if front is not None or view.shows_perspective or not mesh.opaque.any():
        return raster.nearest(points, mesh.triangles, *size, front)
    near = np.nonzero((area < 0) | ~mesh.opaque[mesh.owner])[0]
    frame = raster.nearest(points, mesh.triangles[near], *size)
    if len(near):
        frame.triangle[frame.triangle >= 0] = near[frame.triangle[frame.triangle >= 0]]
    return frame


def _areas(corners: Array) -> Array:
    """Return twice the area of each triangle on the screen: negative if it faces the viewer, as y points down."""
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]


def _shades(view: View, mesh: Mesh, area: Array) -> Array:
    """Return the brightness of each triangle: 1 for one that faces the viewer, whose pixels have its very colour."""
    corners = mesh.points[mesh.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal = normal @ np.array([view.right, view.up, view.toward]).T
    length = np.linalg.norm(normal, axis=1)
    normal /= np.where(length == 0, 1.0, length)[:, None]
    normal[area > 0] *= -1
    return _AMBIENT + (1 - _AMBIENT) * np.clip(normal @ _LIGHT, 0.0, 1.0)


def _before_camera(view: View, seen: Array, mesh: Mesh) -> tuple[Array, Mesh]:
    """Cut triangles at the plane nearest to a camera with perspective, behind which nothing can be projected."""
    near = view.camera.near if view.camera is not None else 0.0
    behind = seen[mesh.triangles, 2] <= near
    count = behind.sum(axis=1)
    whole = np.nonzero(count == 0)[0]
    points, triangles, source = [seen], [mesh.triangles[whole]], [whole]
    start = len(seen)
    for hidden in (1, 2):
        cut = np.nonzero(count == hidden)[0]
        if not len(cut):
            continue
        # Turn each triangle so that its odd corner (the only one behind, or before, the plane) comes first.
        odd = np.argmax(behind[cut] if hidden == 1 else ~behind[cut], axis=1)
        turned = np.take_along_axis(mesh.triangles[cut], (odd[:, None] + np.arange(3)) % 3, axis=1)
        a, b, c = (seen[turned[:, corner]] for corner in range(3))
        on_b = a + (b - a) * ((near - a[:, 2]) / (b[:, 2] - a[:, 2]))[:, None]
        on_c = a + (c - a) * ((near - a[:, 2]) / (c[:, 2] - a[:, 2]))[:, None]
        first = start + np.arange(len(cut))
        second = first + len(cut)
        points += [on_b, on_c]
        start += 2 * len(cut)
        if hidden == 2:
            triangles.append(np.stack([turned[:, 0], first, second], axis=1))
            source.append(cut)
        else:
            triangles.append(np.stack([first, turned[:, 1], turned[:, 2]], axis=1))
            triangles.append(np.stack([first, turned[:, 2], second], axis=1))
            source += [cut, cut]
    numbers = np.concatenate(source)
    made = np.concatenate(points)
    # Shading needs the points where they are: in the document's axes, as seen from the camera.
    back = made @ np.array([view.right, view.up, -view.toward])
    return made, replace(
        mesh,
        points=back,
        triangles=np.concatenate(triangles),
        owner=mesh.owner[numbers],
        color=mesh.color[numbers],
    )


def _front(view: View, mesh: Mesh, sharpness: int) -> float | None:
    if view.section is None:
        return None
    axis, at = view.section
    return float(-(at - mesh.origin[axis]) * view.toward[axis] * view.scale * sharpness)


def _masked(frame: Frame, view: View, sharpness: int) -> Frame:
    """Return the frame with nothing outside of what the camera sees."""
    x, y, width, height = view.camera_frame()
    left, top = (x - view.rectangle[0]) * sharpness, (y - view.rectangle[1]) * sharpness
    columns, rows = np.arange(frame.width) + 0.5, np.arange(frame.height) + 0.5
    outside = ~(
        ((rows >= top) & (rows <= top + height * sharpness))[:, None]
        & ((columns >= left) & (columns <= left + width * sharpness))[None, :]
    ).ravel()
    frame.triangle[outside] = -1
    # Nothing is visible there, lines neither.
    frame.depth[outside] = -np.inf
    return frame


def _caps(points: Array, mesh: Mesh, area: Array, front: float | None, width: int, height: int) -> Array:
    """Return for each pixel the place of the solid that the section plane cuts there, or -1.

    A pixel of the plane is inside a solid if the ray behind it does not enter it as often as it leaves it.
    """
    assert front is not None
    caps = np.full(width * height, -1, np.int32)
    depths = points[mesh.triangles, 2]
    for solid in mesh.solids:
        own = np.nonzero(mesh.owner == solid)[0]
        if not len(own) or not depths[own].min() < front < depths[own].max():
            continue
        count = np.zeros(width * height, np.int32)
        facing = np.where(area[own] > 0, 1, -1)
        for pixels, depth, numbers in raster.fragments(points, mesh.triangles[own], width, height):
            beyond = depth > front
            np.add.at(count, pixels[beyond], facing[numbers[beyond]])
        caps[(count != 0) & (caps < 0)] = solid
    return caps


def _draw_caps(image: Array, owner: Array, caps: Array, mesh: Mesh, style: Style, width: int) -> None:
    """Draw what the plane cuts in the object's colour, hatched."""
    cut = np.nonzero(caps >= 0)[0]
    row, column = np.divmod(cut, width)
    hatch = (row + column) % 16 < 3
    colors = style.line[caps[cut]] * np.where(hatch, 0.6, 1.0)[:, None]
    if style.kind == "wire":
        cut, colors = cut[hatch], colors[hatch]
    image[cut] = (np.clip(colors, 0, 1) * 255 + 0.5).astype(np.uint8)
    owner[caps >= 0] = caps[caps >= 0]


def _outline(image: Array, shown: Array, style: Style, sharpness: int) -> None:
    """Darken the borders between objects, and between objects and nothing; in wireframes, in the objects' colours."""
    border = np.zeros(shown.shape, bool)
    across, down = shown[:, 1:] != shown[:, :-1], shown[1:] != shown[:-1]
    border[:, 1:] |= across
    border[1:] |= down
    if sharpness > 1:
        border[:, :-1] |= across
        border[:-1] |= down
    if style.kind == "wire":
        border &= shown >= 0
        image[border] = (np.clip(style.line[shown[border]] * 0.9, 0, 1) * 255 + 0.5).astype(np.uint8)
    else:
        total = _counts(shown, len(style.line))
        edge = shown[border]
        # A thin object would be nothing but outline.
        thin = _counts(edge, len(style.line)) > 0.7 * total
        border[border] = (edge < 0) | ~thin[edge]
        image[border] = OUTLINE
    if style.bold:
        mask = np.isin(shown, list(style.bold))
        thick = np.zeros(shown.shape, bool)
        edge_x, edge_y = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
        for step in range(2 * sharpness):
            thick[:, 1 + step :] |= edge_x[:, : edge_x.shape[1] - step]
            thick[:, : edge_x.shape[1] - step] |= edge_x[:, step:]
            thick[1 + step :] |= edge_y[: edge_y.shape[0] - step]
            thick[: edge_y.shape[0] - step] |= edge_y[step:]
        image[thick] = (214, 40, 110)


def _draw_thin(
    image: Array, shown: Array, points: Array, frame: Frame, front: float | None, mesh: Mesh, style: Style
) -> None:
    """Draw objects that are so thin, or so small, that they fall between pixels."""
    count = _counts(shown, len(style.line))
    if not len(mesh.triangles) or (count[mesh.owner] > 0).all():
        return
    corners = points[mesh.triangles][:, :, :2]
    low, high = np.full((len(style.line), 2), np.inf), np.full((len(style.line), 2), -np.inf)
    np.minimum.at(low, mesh.owner, corners.min(axis=1))
    np.maximum.at(high, mesh.owner, corners.max(axis=1))
    thin = (count == 0) & ((high - low).min(axis=1) < _THIN)
    facets = mesh.triangles[thin[mesh.owner]]
    if not len(facets):
        return
    lines = facets[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    owner = np.repeat(mesh.owner[thin[mesh.owner]], 3)
    if front is not None:
        kept = (points[lines, 2] >= front).all(axis=1)
        lines, owner = lines[kept], owner[kept]
    pixel, number = raster.on_lines(points, lines, frame, 0.01, lenient=False)
    width = shown.shape[1]
    for step in (0, 1) if len(pixel) else ():
        there = np.minimum(pixel + step * width, image.shape[0] * width - 1)
        image.reshape(-1, 3)[there] = (np.clip(style.line[owner[number]], 0, 1) * 255 + 0.5).astype(np.uint8)
        shown.reshape(-1)[there] = owner[number]


def _draw_lines(
    view: View,
    image: Array,
    shown: Array,
    points: Array,
    lines: Array,
    line_owner: Array,
    frame: Frame,
    front: float | None,
    mesh: Mesh,
    style: Style,
    sharpness: int,
) -> Array:
    """Draw lines, and return which object is at each pixel with them. Objects without triangles are always drawn."""
    if not len(lines):
        return shown
    flat = np.ones(len(style.line), bool)
    flat[mesh.owner] = False
    if style.kind == "shaded":
        kept = flat[line_owner]
        lines, line_owner = lines[kept], line_owner[kept]
    if not len(lines):
        return shown
    if front is not None:
        kept = (points[lines, 2] >= front).all(axis=1)
        lines, line_owner = lines[kept], line_owner[kept]
    height, width = shown.shape
    slack = None if style.kind == "wire" else _slack(frame, view.shows_perspective, sharpness)
    pixel, number = raster.on_lines(points, lines, frame, slack)
    owner = line_owner[number]
    alone = flat[owner] if style.kind != "wire" else np.ones(len(owner), bool)
    colors = np.where(alone[:, None], style.line[owner] * 0.9, np.array(OUTLINE) / 255)
    ink = (np.clip(colors, 0, 1) * 255 + 0.5).astype(np.uint8)
    shown = shown.copy() if style.kind != "wire" else np.full(shown.shape, -1, np.int32)
    flat_image, flat_shown = image.reshape(-1, 3), shown.reshape(-1)
    for dy in range(sharpness):
        for dx in range(sharpness):
            row, column = np.divmod(pixel, width)
            there = np.minimum(row + dy, height - 1) * width + np.minimum(column + dx, width - 1)
            flat_image[there] = ink
            flat_shown[there[alone]] = owner[alone]
    return shown


def _slack(frame: Frame, perspective: bool, sharpness: int) -> float:
    """Return how much nearer than a line something must be to hide it: lines are on surfaces that may be steep."""
    if not perspective:
        return 1.5 * sharpness
    depth = frame.depth[np.isfinite(frame.depth)]
    return float(depth.max() - depth.min()) * 2e-3 + 1e-12 if len(depth) else 0.0


def _counts(shown: Array, most: int) -> Array:
    """Return how many pixels show each of the objects 0 … `most` - 1."""
    flat, count = shown.reshape(-1), np.zeros(most + 1, np.int64)
    for part in raster.parts(len(flat)):
        count += np.bincount(flat[part] + 1, minlength=most + 1)
    return count[1:]


def _spots(shown: Array, view: View, sharpness: int) -> dict[int, Spot]:
    """Return where each object is: its visible pixel that is nearest to their middle, off its border if possible."""
    most = int(shown.max(initial=-1)) + 1
    stride = math.ceil(math.sqrt(shown.size / sharpness**2 / _LOOKED_AT))
    step = sharpness * stride
    coarse = shown[step // 2 :: step, step // 2 :: step]
    rows, columns = np.nonzero(coarse >= 0)
    owner = coarse[rows, columns]
    found: dict[int, Spot] = _thin_spots(shown, view, sharpness, most)
    if not len(owner):
        return found
    count = np.bincount(owner, minlength=most)
    with np.errstate(invalid="ignore"):
        middle_x = np.bincount(owner, columns, most) / count
        middle_y = np.bincount(owner, rows, most) / count
    outer = np.zeros(len(owner))
    for reach in (2, 5, 12):
        inner = np.ones(len(owner), bool)
        for dx, dy in ((-reach, 0), (reach, 0), (0, -reach), (0, reach)):
            row, column = np.clip(rows + dy, 0, len(coarse) - 1), np.clip(columns + dx, 0, coarse.shape[1] - 1)
            inner &= coarse[row, column] == owner
        outer += ~inner
    away = (columns - middle_x[owner]) ** 2 + (rows - middle_y[owner]) ** 2
    away = (np.minimum(away, 1e6) + 2e6 * outer).astype(np.uint64)
    best = np.full(most, 0xFFFFFFFFFFFFFFFF, np.uint64)
    np.minimum.at(best, owner, (away << np.uint64(32)) | np.arange(len(owner)).astype(np.uint64))
    left, top = view.rectangle[:2]
    first = step // 2 // sharpness
    pixels = count if stride == 1 else _counts(shown[sharpness // 2 :: sharpness, sharpness // 2 :: sharpness], most)
    for place in np.nonzero(count)[0]:
        at = int(best[place] & np.uint64(0xFFFFFFFF))
        anchor = (left + int(columns[at]) * stride + first, top + int(rows[at]) * stride + first)
        found[int(place)] = Spot(anchor, float(pixels[place]))
    return found


def _thin_spots(shown: Array, view: View, sharpness: int, most: int) -> dict[int, Spot]:
    """Return the objects by their first pixel, which is all there is of those between the pixels that are looked at."""
    flat, first = shown.reshape(-1), np.zeros(most + 1, np.int64)
    for part in reversed(list(raster.parts(len(flat)))):
        # Of several pixels, the last one that is written counts.
        first[flat[part][::-1]] = np.arange(part.stop - 1, part.start - 1, -1)
    left, top = view.rectangle[:2]
    found: dict[int, Spot] = {}
    for place, count in enumerate(_counts(shown, most)):
        if count:
            row, column = divmod(int(first[place]), shown.shape[1])
            anchor = (left + column // sharpness, top + row // sharpness)
            found[place] = Spot(anchor, float(count) / sharpness**2)
    return found
