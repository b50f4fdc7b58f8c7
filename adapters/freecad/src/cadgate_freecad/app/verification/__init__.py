"""Second opinions: what an operation answers is looked at in a second way before it counts as done."""
