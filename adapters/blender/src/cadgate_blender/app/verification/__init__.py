"""Second opinions on what Blender made: checks it in another way than it was made."""
