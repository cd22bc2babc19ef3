"""The relay and the vault: they store and forward what they cannot read."""
