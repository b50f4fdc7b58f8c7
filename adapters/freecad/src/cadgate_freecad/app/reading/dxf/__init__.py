"""DXF drawings in text, of AutoCAD R12 to 2018: read here, since FreeCAD's reader drops and distorts in silence."""
