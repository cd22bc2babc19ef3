"""The relay: stores, services, processes."""
