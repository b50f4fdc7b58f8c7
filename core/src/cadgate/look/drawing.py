"""Draws a sheet: all views with titles, scale bars and labels, as a PNG, and the numbers that go with it.

This runs in the helper: `draw_sheet` gets and returns plain data.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from cadgate.artifacts.inside import create, folder_inside
from cadgate.look import difference, scenes
from cadgate.look.anchors import settled
from cadgate.look.arrays import Array, np
from cadgate.look.picture import Spot, Style, draw
from cadgate.look.shapes import Item, Mesh, ShapeCache, items_of, mesh_of
from cadgate.look.text import INK, Box, Labels, bar, font, is_drawable, shortened, width_of
from cadgate.look.views import Camera, View, arrange, fill, view_of

_SHAPES = ShapeCache()
_DIFFERENCE = "difference: added green, removed red, changed orange"
_CROWD = 25
"""The number of visible objects of a view from which labels stay near to them, and some are left out."""
_SHARPNESS = 2
"""Pixels across that are drawn for each pixel of the sheet, which makes edges smooth."""
_PIXELS = 24_000_000
"""The number of pixels that are drawn at a time, which bounds the memory: about 60 bytes for each."""
_FRAME = (206, 210, 216)


def draw_sheet(root: Path, folder: Path, target: Path, revision: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Write the sheet of the scene `revision` to `target`, and return its numbers.

    `folder`, in `root`, has the scene and its shapes. Raises NothingToSee, CadgateError `revision_not_found`.
    """
    scene = scenes.read(root, folder, revision)
    before = scenes.earlier(root, folder, wanted)
    entries = [*scene["objects"], *(before["objects"] if before else ())]
    names = {part["shape"] for entry in entries for part in entry["parts"]}
    try:
        shapes = _SHAPES.read(root, folder, names)
    except FileNotFoundError as error:
        raise scenes.unknown(wanted["since"]) from error
    items = items_of(scene["objects"], shapes)
    if not items:
        raise scenes.nothing_to_see(scene, wanted)
    compared = None if before is None else difference.compare(items_of(before["objects"], shapes), items)
    sheet = _Sheet(items, scene, wanted, compared)
    answer = sheet.draw()
    if compared is not None:
        answer["difference"] = compared.summary()
    if not any(entry["visible_in"] for entry in answer["legend"]):
        raise scenes.off_frame(wanted, items)
    with folder_inside(root, target.parent) as opened, create(opened, target.name) as file:
        file.write(sheet.png(revision))
    scenes.tidy(root, folder)
    return answer


class _Sheet:
    def __init__(
        self,
        items: list[Item],
        scene: dict[str, Any],
        wanted: dict[str, Any],
        compared: difference.Difference | None,
    ) -> None:
        self.items, self.compared = items, compared
        self._wanted = wanted
        units = scene["units"]
        self._unit, self._metres = str(units["name"]), units.get("metres")
        size = int(wanted["size"])
        self._text = max(9, min(30, round(size / 80)))
        camera = scene.get("camera")
        made = None
        if camera is not None:
            matrix = np.array(camera["matrix"], float).reshape(3, 4)
            made = Camera(matrix, tuple(camera["window"]), camera["perspective"], camera["near"], camera["name"])
        self._views = [view_of(name, made, self._unit) for name in wanted["views"]]
        self._size = size
        self._picture = Image.new("RGB", (1, 1))

    def draw(self) -> dict[str, Any]:
        """Draw everything. Returns views, legend and size."""
        low = np.min([item.box[0] for item in self.items], axis=0)
        high = np.max([item.box[1] for item in self.items], axis=0)
        origin = (low + high) / 2
        wire = self._wanted["style"] == "wire"
        mesh = mesh_of(self.items, origin, wires=wire)
        jobs = [(view, mesh, self._style(mesh)) for view in self._views]
        everything = mesh.points
        if self.compared is not None:
            view = (
                view_of(self._wanted["views"][0], None, self._unit) if self._can_repeat() else view_of("iso", None, "")
            )
            view.name, view.title, view.difference, view.along_axis = "difference", _DIFFERENCE, True, False
            both = self.compared.shown
            other = mesh_of(both, origin, wires=wire)
            jobs.append((view, other, self._style(other, self.compared.colors())))
            self._views.append(view)
            everything = np.concatenate([mesh.points, other.points])
        width, height = arrange(self._views, everything, origin, self._size, self._text)
        if self._wanted.get("plain"):
            width = height = fill(self._views[0], self._size)
        sharpness, at_once = self._effort()
        with ThreadPoolExecutor(at_once) as pool:
            drawn = list(pool.map(draw, *zip(*jobs, strict=True), repeat(sharpness)))
        self._picture = Image.new("RGB", (width, height), (255, 255, 255))
        for view, (image, _, _) in zip(self._views, drawn, strict=True):
            self._picture.paste(image, view.rectangle[:2])
        seen = self._settled([(spots, shown) for _, spots, shown in drawn], jobs)
        canvas = ImageDraw.Draw(self._picture)
        labelled: dict[str, list[Any]] = {}
        if not self._wanted.get("plain"):
            for view, (spots, shown) in zip(self._views, seen, strict=True):
                self._annotate(canvas, view, spots, shown, labelled)
            seen = self._settled(seen, jobs)  # the lines to labels cross what is between
        return {
            "width": width,
            "height": height,
            "unit": self._unit,
            "views": [self._numbers(view, origin) for view in self._views],
            "legend": [self._entry(item, seen, labelled) for item in self.items],
        }

    def _effort(self) -> tuple[int, int]:
        """Return how many pixels across are drawn for each of the sheet, and how many views at a time."""
        largest = sorted((view.rectangle[2] * view.rectangle[3] for view in self._views), reverse=True)
        sharpness = _SHARPNESS if largest[0] * _SHARPNESS**2 <= _PIXELS else 1
        return sharpness, 2 if sum(largest[:2]) * sharpness**2 <= _PIXELS else 1

    def _settled(
        self, seen: list[tuple[dict[int, Spot], Array]], jobs: list[tuple[View, Mesh, Style]]
    ) -> list[tuple[dict[int, Spot], Array]]:
        """Move the spots to pixels that have the colour of their object now."""
        if self._wanted["style"] == "wire":
            return seen
        picture = np.asarray(self._picture)
        return [
            (settled(spots, shown, picture, view, style), shown)
            for (spots, shown), (view, _, style) in zip(seen, jobs, strict=True)
        ]

    def _can_repeat(self) -> bool:
        first = self._wanted["views"][0]
        return isinstance(first, str) and first != "camera"

    def png(self, revision: str) -> bytes:
        """Return the file, which names the revision: the same bytes for the same pixels of the same scene."""
        out = io.BytesIO()
        note = PngInfo()
        note.add_text(scenes.NOTE, revision)
        self._picture.save(out, "PNG", compress_level=6, pnginfo=note)
        return out.getvalue()

    def _style(self, mesh: Mesh, colors: Array | None = None) -> Style:
        base = mesh.palette[:, :3].copy() if colors is None else colors
        first = np.arange(0 if colors is None else len(colors))
        if colors is None:
            rows = np.cumsum([0, *(len(item.colors) for item in self.items)])
            first = rows[:-1]
        main = first + ([item.main for item in self.items] if colors is None else 0)
        bold: set[int] = set()
        chosen = set[str](self._wanted.get("highlight") or ())
        if chosen and colors is None:
            bold = {place for place, item in enumerate(self.items) if item.name in chosen}
            for place, item in enumerate(self.items):
                if place not in bold:
                    rows_of = slice(int(first[place]), int(first[place]) + len(item.colors))
                    base[rows_of] = base[rows_of] * 0.25 + 0.65
        return Style(self._wanted["style"], base, base[main], bold)

    def _annotate(
        self,
        canvas: ImageDraw.ImageDraw,
        view: View,
        spots: dict[int, Spot],
        shown: Array,
        labelled: dict[str, list[Any]],
    ) -> None:
        left, top, width, height = view.rectangle
        size, line = self._text, self._text + 6
        canvas.rectangle((left, top, left + width - 1, top + height - 1), outline=_FRAME)
        title = shortened(view.title, size + 1, width - 16)
        title_box = (left + 4, top + 2, left + 14 + width_of(title, size + 1), top + line + 4)
        canvas.text((left + 8, top + 4 + line // 2), title, fill=INK, font=font(size + 1), anchor="lm")
        reserved: list[Box] = [title_box]
        if view.camera is not None:
            x, y, w, h = view.camera_frame()
            canvas.rectangle((round(x), round(y), round(x + w), round(y + h)), outline=(120, 126, 136))
        reserved.append(self._scale_bar(canvas, view, line))
        if not spots:
            text = shortened("nothing visible", size, width - 16)
            canvas.text((left + width / 2, top + height / 2), text, fill=(130, 134, 142), font=font(size), anchor="mm")
        if not self._wanted["labels"] or not spots:
            return
        frame = (left, top, left + width, top + height)
        labels = Labels(canvas, frame, size, reserved, shown)
        for spot in spots.values():
            labels.reserve(spot.anchor)
        items = self.compared.shown if view.difference and self.compared is not None else self.items
        chosen = set[str](self._wanted.get("highlight") or ())
        crowded = len(spots) > _CROWD
        order = sorted(spots, key=lambda place: (items[place].name not in chosen, -spots[place].pixels, place))
        for place in order:
            item = items[place]
            long = item.name if is_drawable(item.name) else f"#{item.number + 1}"
            short = f"#{item.number + 1}"
            for text, rings in (
                (shortened(long, size, width * 0.35), 3 if crowded else 9),
                (short, 2 if crowded else 9),
            ):
                color = _rgb(item.colors[item.main])
                if labels.put(text, place, spots[place].anchor, color, rings=rings, pixels=spots[place].pixels):
                    if not view.difference:
                        labelled.setdefault(item.name, []).append({"view": view.name, "text": text})
                    break

    def _scale_bar(self, canvas: ImageDraw.ImageDraw, view: View, line: int) -> Box:
        left, top, width, height = view.rectangle
        bottom = top + height - 6
        if view.shows_perspective:
            canvas.text((left + 8, bottom), "perspective", fill=INK, font=font(self._text), anchor="ls")
            return (left, bottom - line, left + 16 + width_of("perspective", self._text), top + height)
        length, text = bar(view.scale, width * 0.3, self._metres, self._unit)
        end = left + 8 + round(length * view.scale)
        canvas.line((left + 8, bottom, end, bottom), fill=INK, width=2)
        for x in (left + 8, end):
            canvas.line((x, bottom - 4, x, bottom + 1), fill=INK, width=1)
        canvas.text((left + 8, bottom - 5), text, fill=INK, font=font(self._text), anchor="ls")
        return (left, bottom - line - 4, max(end, left + 8 + width_of(text, self._text)) + 8, top + height)

    def _numbers(self, view: View, origin: Array) -> dict[str, Any]:
        return {
            "view": view.name,
            "rectangle": list(view.rectangle),
            "scale": None if view.shows_perspective else _round(view.scale),
            "matrix": view.matrix(origin),
        }

    def _entry(self, item: Item, seen: list[Any], labelled: dict[str, Any]) -> dict[str, Any]:
        positions: list[dict[str, Any]] = []
        for view, (spots, _) in zip(self._views, seen, strict=True):
            spot = spots.get(item.number)
            if spot is not None and not view.difference:
                positions.append({"view": view.name, "pixel": list(spot.anchor), "pixels": round(spot.pixels)})
        return {
            "name": item.name,
            "type": item.type,
            "number": item.number + 1,
            "color": "#" + "".join(f"{each:02x}" for each in _rgb(item.colors[item.main])),
            "own_color": item.own_color,
            "bounding_box": {"min": _point(item.box[0]), "max": _point(item.box[1])},
            "visible_in": [each["view"] for each in positions],
            "positions": positions,
            "labels": labelled.get(item.name, []),
        }


def _rgb(color: Array) -> tuple[int, int, int]:
    red, green, blue = (int(min(1.0, max(0.0, float(each))) * 255 + 0.5) for each in color[:3])
    return red, green, blue


def _round(value: float) -> float:
    return float(f"{value:.9g}")


def _point(values: Array) -> list[float]:
    return [float(f"{float(each):.9g}") + 0.0 for each in values]
