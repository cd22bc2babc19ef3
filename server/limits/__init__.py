"""How much anybody may ask of a relay: rates, connections, blobs. Nothing here does I/O."""
