"""The vault: its disk, its connections, its process."""
