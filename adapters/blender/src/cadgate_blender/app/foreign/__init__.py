"""Files of somebody else: what of them may stay, and what Blender could do with them."""
