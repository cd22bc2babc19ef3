"""One file per verb; each holds a click command named ``command``."""
