"""Read by FreeCAD when its window opens, without a `__file__`: all other code is in the package next to it."""

import cadgate_addon

cadgate_addon.begin()
