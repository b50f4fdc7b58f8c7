"""The cadgate adapter of Blender. `adapter` is its entry point; the modules of `app` run inside Blender."""

__version__ = "0.1.0"
