"""The gateway's own routes, and those that every adapter gets."""
