"""Rewrites FCStd files from outside, by lists of what may be restored, before FreeCAD sees them."""
