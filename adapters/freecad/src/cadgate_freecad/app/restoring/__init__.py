"""FCStd files from outside: rewritten, by lists of what may be restored, before FreeCAD sees them."""
