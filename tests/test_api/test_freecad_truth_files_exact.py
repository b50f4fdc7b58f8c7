"""Files of exact shapes, read by another kernel: place, size, counts and names of every kind of object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.gateway import Gateway
from tests.test_api.file_readers import read_exact, step_names
from tests.test_api.freecad_parts import UMLAUTS, Truth, content, document, export, make_parts, post

KINDS = ("Placed", "Rotated", "Plate", "Ring", "Rod", "Loft", "Mirrored", "Pair", "Body")


@pytest.fixture(scope="module")
def parts(gateway: Gateway) -> Iterator[tuple[httpx.Client, dict[str, Truth]]]:
    with document(gateway, "Exact") as client:
        yield client, make_parts(client)


@pytest.mark.parametrize("format", ["step", "iges", "brep"])
@pytest.mark.parametrize("name", KINDS)
def test_an_object_alone_is_where_it_stands_and_as_large_as_it_is(
    parts: tuple[httpx.Client, dict[str, Truth]], tmp_path: Path, name: str, format: str
) -> None:
    client, truth = parts
    path = tmp_path / f"part.{format}"
    path.write_bytes(content(client, export(client, objects=[name], format=format)))
    found, right = read_exact(path, format), truth[name]
    size = float(np.linalg.norm(np.subtract(right.high, right.low)))
    assert found.volume == pytest.approx(right.volume, rel=1e-5)
    assert found.center == pytest.approx(right.center, abs=1e-4 * size)
    assert found.low == pytest.approx(right.low, abs=1e-3 * size)
    assert found.high == pytest.approx(right.high, abs=1e-3 * size)
    assert found.solids == right.solids
    if format == "step":
        assert step_names(path)[0] == (0, right.label)


@pytest.mark.parametrize("format", ["step", "iges", "brep"])
@pytest.mark.parametrize("names", [["Placed", "Rotated"], ["Ring", "Plate"], ["Pair", "Body", "Loft"]])
def test_several_objects_stand_where_they_stand(
    parts: tuple[httpx.Client, dict[str, Truth]], tmp_path: Path, names: list[str], format: str
) -> None:
    client, truth = parts
    path = tmp_path / f"parts.{format}"
    result = export(client, objects=names, format=format)
    path.write_bytes(content(client, result))
    found, all_of = read_exact(path, format), [truth[name] for name in names]
    volume = sum(each.volume for each in all_of)
    center = sum((np.array(each.center) * each.volume for each in all_of), np.zeros(3)) / volume
    assert found.volume == pytest.approx(volume, rel=1e-5)
    assert found.center == pytest.approx(list(center), abs=0.01)
    assert found.low == pytest.approx(list(np.min([each.low for each in all_of], axis=0)), abs=0.15)
    assert found.high == pytest.approx(list(np.max([each.high for each in all_of], axis=0)), abs=0.15)
    assert found.solids == sum(each.solids for each in all_of)
    assert result["objects"] == names
    if format == "step":
        assert step_names(path) == [(0, "Exact, Übersicht"), *((1, each.label) for each in all_of)]


def test_iges_warns_of_a_name_that_it_cannot_hold(parts: tuple[httpx.Client, dict[str, Truth]]) -> None:
    client, _ = parts
    warnings = export(client, objects=["Rotated", "Body"], format="iges")["warnings"]
    assert len(warnings) == 1, warnings
    [warning] = warnings
    assert warning["code"] == "renamed"
    assert "Gr" in warning["message"]
    assert "Body" not in warning["message"]
    assert export(client, objects=["Rotated"], format="step")["warnings"] == []


def test_equal_labels_and_equal_shapes_are_products_of_their_own(
    parts: tuple[httpx.Client, dict[str, Truth]], tmp_path: Path
) -> None:
    client, _ = parts
    for number in range(3):
        post(client, "/primitives/box", name=f"Same{number}", label="Twin" if number else UMLAUTS, location=[0, 0, 500])
    names = [f"Same{number}" for number in range(3)]
    path = tmp_path / "twins.step"
    path.write_bytes(content(client, export(client, objects=names)))
    assert [name for _, name in step_names(path)[1:]] == [UMLAUTS, "Twin", "Twin"]
    for name in names:
        assert client.delete(f"/objects/{name}").status_code == 200


def test_a_full_verification_holds_for_sound_files_and_is_refused_by_another_word(
    parts: tuple[httpx.Client, dict[str, Truth]],
) -> None:
    client, _ = parts
    for format in ("step", "fcstd", "ply"):
        assert export(client, objects=["Plate", "Body"], format=format, verify="full")["artifact"]["size"] > 0
    refused = client.post("/export", json={"verify": "thorough"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation_error")
