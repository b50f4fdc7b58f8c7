"""The gateway's side of the wire: one connection, the client that adapters subclass, and the pool that shares it."""
