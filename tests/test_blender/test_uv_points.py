"""Which points of a grid a UV map covers: large triangles are counted by themselves, as if they were among others."""

from __future__ import annotations

import numpy
import pytest

from cadgate_blender.app import uv_measures


@pytest.mark.parametrize(("count", "size"), [(1, 1.0), (30, 1.0), (300, 0.2)])
def test_large_triangles_cover_what_they_do_among_small_ones(
    count: int, size: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = numpy.random.default_rng(count)
    triangles = random.random((count, 1, 2)) * 1.2 - 0.1 + (random.random((count, 3, 2)) - 0.5) * size
    triangles[::2] = numpy.round(triangles[::2] * 16) / 16  # edges that lie on lines of the grid
    found, share = uv_measures._counts(triangles, 1.0)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(uv_measures, "_LARGE", numpy.inf)
    expected, expected_share = uv_measures._counts(triangles, 1.0)  # pyright: ignore[reportPrivateUsage]
    assert expected.sum() > 0
    assert numpy.array_equal(found, expected)
    assert share == expected_share


def test_a_triangle_covers_its_area() -> None:
    found, share = uv_measures._counts(  # pyright: ignore[reportPrivateUsage]
        numpy.array([[[0.1, 0.1], [0.9, 0.2], [0.3, 0.8]]]), 0.25
    )
    area = abs((0.9 - 0.1) * (0.8 - 0.1) - (0.3 - 0.1) * (0.2 - 0.1)) / 2
    assert found.sum() / found.size == pytest.approx(area, rel=1e-3)
    assert share == 1.0
