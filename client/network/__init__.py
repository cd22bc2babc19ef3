"""The way to the relay: its address, TLS with the pinned key, one connection as an async object."""
