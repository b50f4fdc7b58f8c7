"""What Blender's exporter of OBJ files leaves to others: names that stay apart, and digits for what is small."""

from __future__ import annotations

import os
import re
from typing import Any, Iterable, Sequence

from cadgate.appserver import warn
from cadgate_blender.app.preparing import listed

_SPACE = re.compile(r"\s")
_FINE = 1.0
"""The size from which the exporter's six digits after the point are enough."""
_LARGEST = 1e4
"""The largest factor that the exporter accepts."""
_MOST_BYTES = 55


def tell_apart(*kinds: tuple[Any, Iterable[Any]]) -> None:
    """Rename blocks of each kind (all of its blocks, those that are written) as the exporter would, but not two alike.

    A name is one word on one line in these files. Warns of those that changed.
    """
    changed: list[str] = []
    for every, written in kinds:
        taken = {block.name for block in every}
        for block in sorted(written, key=lambda each: each.name):
            wanted = _SPACE.sub("_", block.name)
            if wanted == block.name:
                continue
            changed.append(block.name)
            name, number = wanted, 0
            while name in taken:
                number += 1
                name = f"{wanted.encode()[:_MOST_BYTES].decode('utf-8', 'ignore')}_{number}"
            taken.add(name)
            block.name = name
    if changed:
        names = listed(changed)
        warn("renamed", f"An obj file cannot hold these names unchanged: spaces became '_' in it: {names}")


def zeros_of(sizes: Sequence[float], scale: float) -> int:
    """Return by which power of ten to write parts of these sizes larger than by `scale`, so that digits suffice."""
    smallest = min((size for size in sizes if size > 0), default=_FINE)
    zeros = 0
    while smallest * 10**zeros < _FINE and scale * 10 ** (zeros + 1) <= _LARGEST:
        zeros += 1
    return zeros


def shrink(path: str, zeros: int) -> None:
    """Divide the points of a file by a power of ten, with all digits that 32-bit numbers have."""
    if not zeros:
        return
    factor, target = 10.0**zeros, path + ".small"
    with open(path, encoding="utf-8", newline="") as source, open(target, "w", encoding="utf-8", newline="") as file:
        for line in source:
            if line.startswith("v "):
                _, x, y, z, *rest = line.split()
                place = ["%.9g" % (float(part) / factor) for part in (x, y, z)]
                line = " ".join(("v", *place, *rest)) + "\n"
            file.write(line)
    os.replace(target, path)
