"""Files that Blender's import reads, warns of or refuses by name. Lengths are in Blender units."""

from __future__ import annotations

from tests.corpus import FileCase
from tests.corpus.blender import gltf, gltf_compressed, meshes, scenes

CASES: list[FileCase] = [*gltf.CASES, *gltf_compressed.CASES, *meshes.CASES, *scenes.CASES]
