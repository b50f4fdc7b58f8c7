"""The cadgate adapter of FreeCAD. `cadgate_freecad.adapter` is its entry point; `.app` runs inside FreeCAD."""

__version__ = "0.1.0"
