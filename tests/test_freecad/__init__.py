"""Tests of the FreeCAD adapter that need no gateway."""
