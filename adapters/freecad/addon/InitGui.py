"""Read by FreeCAD when its window opens, without a `__file__`: everything else is in the package beside it."""

import cadgate_addon

cadgate_addon.begin()
