"""The protocol: pure functions and machines."""
