"""Second opinions: what Blender says that it did, looked at again in another way. One module for each kind of check."""
