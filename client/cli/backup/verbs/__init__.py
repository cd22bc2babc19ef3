"""The commands of ``glasspost backup``; one module each."""
