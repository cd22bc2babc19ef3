"""Benchmarks: ours beside theirs, on one machine, in one run.

    figures      what is measured, and by whom: values
    timing       rounds of all contenders in turn, so that noise hits each alike
    rows         all rows; a new group of rows is one more module there
    ratchet      encrypt and decrypt: one way, and in turns
    handshake    from a bundle to a shared secret on both sides
    sealing      an envelope sealed and opened
    sides        a session's two ends, in the shape to which each library is brought
    parties      our devices, with keys and sessions
    table        the table, and the JSON beside it
    machine      what it was measured on

Only ``vodozemac_sides``, ``doubleratchet_sides`` and ``x3dh_parties`` import the libraries
they are named after, so that a missing one costs its own line and no other.
"""
