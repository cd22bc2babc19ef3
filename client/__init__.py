"""The client: everything that sees plaintext stays on this side."""
