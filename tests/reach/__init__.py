"""Tries every operator of Blender and every type of FreeCAD once, and counts what works, what is refused, and why."""
