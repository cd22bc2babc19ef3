"""X-ray: every byte of a message named, with who can read it and what made it.

Bytes in, annotated layers out; showing them is the business of the command.

    spans.py      the values: spans and layers
    cutter.py     walks over a layer's bytes and leaves none unnamed
    layers.py     the five layers of a message, by the tables of docs/protocol.md
    tokens.py     where each msgpack value of the content begins and ends
"""
