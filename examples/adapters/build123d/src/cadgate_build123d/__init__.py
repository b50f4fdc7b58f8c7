"""The cadgate adapter of build123d."""
