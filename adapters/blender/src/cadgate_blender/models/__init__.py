"""What travels: parameters and results of every Blender operation, one module per resource."""
