"""WebSockets: `/ws/{adapter}`, its connections, messages and events, and their AsyncAPI document."""
