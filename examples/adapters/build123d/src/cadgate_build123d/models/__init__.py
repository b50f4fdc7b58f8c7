"""What travels, one module per resource."""
