"""Frames: whatever way the bytes come in, the frames that come out are those that were put in."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadgate.appserver import framing
from cadgate.appserver.framing import FrameError, FrameReader, encode


@given(frames=st.lists(st.binary(max_size=40), max_size=8), cuts=st.lists(st.integers(0, 400), max_size=20))
def test_frames_survive_every_way_of_cutting_the_stream(frames: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(encode(frame) for frame in frames)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = FrameReader()
    found = [frame for begin, end in pairwise(edges) for frame in reader.feed(stream[begin:end])]
    assert found == frames


def test_one_byte_at_a_time() -> None:
    reader = FrameReader()
    stream = encode(b"first") + encode(b"") + encode(b"second")
    assert [frame for byte in stream for frame in reader.feed(bytes([byte]))] == [b"first", b"", b"second"]


@pytest.mark.parametrize("length", [101, 2**31, 2**32 - 1])
def test_a_frame_above_the_limit_is_refused_by_its_length_alone(length: int) -> None:
    reader = FrameReader(limit=100)
    with pytest.raises(FrameError, match=f"{length} bytes"):
        list(reader.feed(struct.pack(">I", length)))


def test_a_frame_of_exactly_the_limit_is_taken() -> None:
    assert list(FrameReader(limit=100).feed(encode(b"x" * 100))) == [b"x" * 100]


def test_frames_before_one_that_is_too_large_are_still_given() -> None:
    frames = FrameReader(limit=10).feed(encode(b"fits") + encode(b"too large for it"))
    assert next(frames) == b"fits"
    with pytest.raises(FrameError):
        next(frames)


def test_a_limit_that_is_raised_between_frames_counts_for_the_next_one() -> None:
    reader = FrameReader(limit=10)
    found: list[bytes] = []
    for frame in reader.feed(encode(b"hello") + encode(b"larger than ten")):
        reader.limit = 100
        found.append(frame)
    assert found == [b"hello", b"larger than ten"]


def test_a_frame_that_is_too_large_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_FRAME", 10)
    assert encode(b"x" * 10)[4:] == b"x" * 10
    with pytest.raises(FrameError, match="11 bytes"):
        encode(b"x" * 11)


def test_many_small_frames_in_one_piece_take_time_in_proportion() -> None:
    reader = FrameReader()
    stream = encode(b"x") * 50_000
    assert sum(1 for _ in reader.feed(stream)) == 50_000
