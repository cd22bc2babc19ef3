"""A profile: one account on this machine, one folder.

    paths       where profiles lie, and which there are
    passphrase  from a passphrase to a key, at a price
    media_folder  object files of messages
    key_file    profile.key: the database key, wrapped under the passphrase
    files       writing a file so that a crash leaves the old one or the new one
    lock        which process receives, which one prints
    creating    a new profile, whole or not at all
    opening     an existing one

Spec: docs/formats.md
"""
