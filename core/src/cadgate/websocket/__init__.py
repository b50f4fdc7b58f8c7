"""Live connections: `/ws/{adapter}`, its messages, its events, and what describes them."""
