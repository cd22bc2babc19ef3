"""Proof that a relay is blind: search everything it holds for what it must not hold.

    canaries         random texts, words and keys that exist nowhere but in this run
    encodings        the forms in which bytes turn up: raw, hex, base64 in three alignments
    scanner          finds any of thousands of patterns at the speed of one
    stretches        files and buffers, cut into pieces for the scanner
    process_memory   the memory of a stopped process
    tls_proxy        records what is said inside TLS
    traffic          keeps that, and tells it as messages
    media            where one may look at a relay
    examination      looks there several times, for canaries and for controls
    plants           puts a canary into one medium: the scanner's own test

Nothing here is part of the relay or of a client: it attacks them from outside.
"""
