"""Parameters and results of every Blender operation, one module per resource."""
