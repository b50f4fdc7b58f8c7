"""What travels between client, gateway and companion: one module per resource."""
