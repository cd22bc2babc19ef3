"""The Glasspost protocol: bytes in, bytes out. No sockets, no files, no clock."""
