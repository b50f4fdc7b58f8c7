"""The gateway's end of the wire: one connection, the pool of them, and the client that adapters subclass."""
