"""Second opinions on what Blender made: looked at in another way than it was made."""
