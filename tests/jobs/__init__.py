"""A seeded run that kills what renders an animation, again and again, and compares what comes of it."""
