"""A second process of the gateway, for work that would hold up its event loop."""
