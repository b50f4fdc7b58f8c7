"""Frames: a 4-byte big-endian length and that many bytes of UTF-8 JSON. Both ends of the wire use this."""

from __future__ import annotations

import struct
from typing import Iterator

HEADER = struct.Struct(">I")
PROTOCOL = 1
MAX_FRAME = 64 * 1024 * 1024
MAX_HELLO = 64 * 1024


class FrameError(Exception):
    """The peer does not speak this protocol, or sent more than is allowed: the connection must be closed."""


def encode(body: bytes) -> bytes:
    """Return one frame, to be written in one go."""
    if len(body) > MAX_FRAME:
        raise FrameError(f"a frame of {len(body)} bytes is above the limit of {MAX_FRAME}")
    return HEADER.pack(len(body)) + body


class FrameReader:
    """Splits a stream of bytes into frames. A length is checked before the body is read."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self.limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each frame that is now complete. Raises FrameError for a frame above `limit`."""
        buffer = self._buffer
        if not buffer and len(data) >= HEADER.size:
            # Usually one message arrives, as a whole.
            (length,) = HEADER.unpack_from(data)
            if length == len(data) - HEADER.size and length <= self.limit:
                yield data[HEADER.size :]
                return
        buffer += data
        position = 0
        try:
            while len(buffer) - position >= HEADER.size:
                (length,) = HEADER.unpack_from(buffer, position)
                if length > self.limit:
                    raise FrameError(f"a frame of {length} bytes is above the limit of {self.limit}")
                end = position + HEADER.size + length
                if len(buffer) < end:
                    break
                frame = bytes(buffer[position + HEADER.size : end])
                position = end
                yield frame
        finally:
            del buffer[:position]
