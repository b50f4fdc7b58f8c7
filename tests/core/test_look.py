"""Sheets of an adapter that the core does not know: it gives triangles, and gets pictures."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from cadgate.contract.authority import LOCAL
from cadgate.contract.context import Caller, RequestContext
from cadgate.dispatch.application import Application
from cadgate.errors import InternalError, NothingToSee
from cadgate.look.models import LOOK, LookParams, LookQuery, ViewName
from cadgate.look.shapes import Shape
from cadgate.look.text import is_drawable, length_text, shortened, width_of
from tests.core.fake_app import fake_settings, running

from cadgate_fake import models as m  # isort: skip

pytestmark = pytest.mark.slow

HERE = RequestContext(request_id="test", caller=Caller(LOCAL))
RED, GREEN = [1, 0, 0], [0, 0.5, 0]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Application]:
    async with running(tmp_path, fake_settings()) as made:
        yield Application(made, HERE)


async def make(app: Application, **items: Any) -> None:
    for name, value in items.items():
        await app.call(m.CREATE, m.ItemParams(name=name, value=value))


def asked(**fields: Any) -> LookParams:
    return LookParams.model_validate(fields)


def opened(app: Application, identifier: str) -> Image.Image:
    return Image.open(io.BytesIO(app.artifacts.get(identifier).path.read_bytes())).convert("RGB")


@pytest.mark.anyio
async def test_adapter_that_gives_triangles_gets_sheets(app: Application) -> None:
    with pytest.raises(NothingToSee):
        await app.call(LOOK, asked())
    await make(app, One=RED, Two=GREEN, Three=None)
    sheet = await app.call(LOOK, asked(size=600))
    assert sheet.unit == "cubits"
    assert [(entry.name, entry.color, entry.own_color) for entry in sheet.legend][:2] == [
        ("One", "#ff0000", True),
        ("Two", "#008000", True),
    ]
    image = opened(app, sheet.artifact.id)
    for entry in sheet.legend:
        front = next(each for each in entry.positions if each.view == "front")
        red, green, blue = cast("tuple[int, int, int]", image.getpixel(front.pixel))
        assert f"#{red:02x}{green:02x}{blue:02x}" == entry.color
    assert (await app.call(LOOK, asked(size=600))).artifact.sha256 == sheet.artifact.sha256


@pytest.mark.anyio
async def test_section_of_triangles_that_enclose_a_solid_is_closed(app: Application) -> None:
    await make(app, One=RED)
    sheet = await app.call(LOOK, asked(views=[{"section": "y", "at": 0}], labels=False))
    image = opened(app, sheet.artifact.id)
    x, y = sheet.legend[0].positions[0].pixel
    assert {image.getpixel((x + step, y)) for step in range(16)} > {(255, 0, 0)}


@pytest.mark.anyio
async def test_shape_that_is_damaged_is_the_applications_fault(app: Application) -> None:
    await make(app, One=RED)
    sheet = await app.call(LOOK, asked())
    (shape,) = (path for path in (app.workspace / ".staging" / "look").iterdir() if len(path.name) == 32)
    data = shape.read_bytes()
    for damaged in (data[:-1], b"", data.replace(b"cgshape1", b"cgshape9"), data[:24] + b"\xff" * (len(data) - 24)):
        await app._session.served.helper.close()  # pyright: ignore[reportPrivateUsage]
        shape.write_bytes(damaged)
        with pytest.raises(InternalError):
            await app.call(LOOK, asked())
    shape.unlink()
    again = await app.call(LOOK, asked())
    assert again.artifact.sha256 == sheet.artifact.sha256


@pytest.mark.anyio
async def test_link_in_place_of_a_shape_is_not_followed(app: Application) -> None:
    await make(app, One=RED)
    await app.call(LOOK, asked())
    (shape,) = (path for path in (app.workspace / ".staging" / "look").iterdir() if len(path.name) == 32)
    await app._session.served.helper.close()  # pyright: ignore[reportPrivateUsage]
    shape.rename(shape.with_name("elsewhere"))
    shape.symlink_to("elsewhere")
    with pytest.raises(InternalError, match="shape"):
        await app.call(LOOK, asked())


def test_directions_stand_in_lists_of_views() -> None:
    views = LookQuery.model_validate({"views": ["front,from:1,-2,0.5,section:x:10", "from:0,0,1,top"]}).params()
    assert views.plain_views() == [
        "front",
        {"from": [1.0, -2.0, 0.5]},
        {"section": "x", "at": 10.0},
        {"from": [0.0, 0.0, 1.0]},
        "top",
    ]


def test_views_of_a_query_are_words_and_short_forms() -> None:
    query = LookQuery.model_validate({"views": ["iso,top"]})
    assert query.views == ["iso", "top"]
    views = LookQuery.model_validate({"views": ["front", "from:1,-2,0.5", "section:x:10", '{"section": "z"}']}).params()
    assert views.plain_views() == [
        "front",
        {"from": [1.0, -2.0, 0.5]},
        {"section": "x", "at": 10.0},
        {"section": "z", "at": 0.0},
    ]
    for wrong in ("from:1,2", "from:0,0,0", "section:w", "{", "Iso"):
        with pytest.raises(ValidationError):
            TypeAdapter(ViewName).validate_python(wrong)


def test_shape_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(ValueError, match="header"):
        Shape(b"short")


def test_lengths_are_written_in_readable_units() -> None:
    assert length_text(20, 0.001, "mm") == "20 mm"
    assert length_text(2e6, 0.001, "mm") == "2 km"
    assert length_text(0.0002, 0.001, "mm") == "200 nm"
    assert length_text(0.05, 1.0, "m") == "50 mm"
    assert length_text(5, None, "units") == "5 units"


def test_text_that_does_not_fit_loses_its_middle() -> None:
    assert shortened("Bolt", 12, 100) == "Bolt"
    short = shortened("A very long name of a part", 12, 80)
    assert width_of(short, 12) <= 80
    assert short.startswith("A ver")
    assert short.endswith("art")
    assert "…" in short
    assert is_drawable("Würfel łő \u041a\u0443\u0431 αβ_1")
    assert not is_drawable("立方体")
    assert not is_drawable("  ")
