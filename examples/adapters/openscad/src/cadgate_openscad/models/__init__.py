"""What client, gateway and companion exchange: one module per resource."""
