"""What one runs from a checkout."""
