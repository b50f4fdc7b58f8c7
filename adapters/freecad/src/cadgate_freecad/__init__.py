"""The cadgate adapter of one application. `cadgate_freecad.adapter` is its entry point; `cadgate_freecad.app` runs inside it."""

__version__ = "0.1.0"
