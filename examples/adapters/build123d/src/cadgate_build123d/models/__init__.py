"""Parameters and results, one module per resource."""
