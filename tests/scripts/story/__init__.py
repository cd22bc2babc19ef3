"""The demo's story without its processes."""
