"""DXF drawings of AutoCAD R12 to 2018, text and binary. FreeCAD's own reader silently drops and distorts things."""
