"""The fuzzing engines' own logic."""
