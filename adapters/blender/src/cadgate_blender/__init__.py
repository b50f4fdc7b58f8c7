"""The cadgate adapter of one application. `cadgate_blender.adapter` is its entry point; `cadgate_blender.app` runs inside it."""

__version__ = "0.1.0"
