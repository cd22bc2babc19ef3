"""Encrypted backups as bytes: what a storage keeps, and how it is read. Clients only.

From the outside in, one module each:

    digits, damm        64 decimal digits that open a backup, and their check digits
    keyring, slot       the archive's root, sealed to each secret that may open it
    slot_secret         the key pair that a slot is sealed to
    keys, layout        everything that is derived from the root; where things lie
    locator             where on a relay a backup lies, and the ids of its blobs
    head, newest        the signed top of a backup, and which of several is believed
    manifest, entry     what there is, with each object's own key
    retention, sweep    which backups are kept, and which objects are no longer needed
    sealing, opening    an object: chunks that are encrypted, readable at any offset
    header, shape       its first 96 bytes, and where its chunks lie
    segment, rows       messages of one conversation, compressed alone
    facts               what is attached to a message: edits, reactions, media, ...
    state, account      contacts and settings; the key that takes a name over

Pure: reading and writing is the caller's, through iterators and small callables.

Spec: docs/formats.md#backups
"""
