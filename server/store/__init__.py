"""What the relay keeps: one interface, an engine in memory and one on SQLite."""
