"""The cadgate adapter of OpenSCAD; `.adapter` is the entry point."""

__version__ = "0.1.0"
