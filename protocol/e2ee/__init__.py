"""End-to-end encryption. For clients only: a relay process refuses to load this."""
