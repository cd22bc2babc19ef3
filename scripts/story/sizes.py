"""Sizes for people."""


def readable_size(size_bytes: int) -> str:
    """Write a number of bytes in at most 7 characters."""
    if size_bytes < 10_000:
        return f"{size_bytes:,} B"
    if size_bytes < 10_000_000:
        return f"{size_bytes / 1000:,.0f} kB"
    return f"{size_bytes / 1_000_000:,.0f} MB"
