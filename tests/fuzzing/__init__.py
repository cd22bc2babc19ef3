"""What is fuzzed: every place where bytes of others come in. ``scripts/fuzz`` runs it for long."""
