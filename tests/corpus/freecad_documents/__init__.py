"""Documents as people save them: `written.py` makes them in FreeCAD itself, in a process of its own."""
