"""A profile: one account on this machine, one folder.

    paths         where profiles lie, and which there are
    passphrase    from a passphrase to a key, at a price
    wrapped_file  a small file of secrets, wrapped under a passphrase or bare
    key_file      profile.key: the database key
    account_file  what lets a new device take over a name
    media_folder  object files of messages
    files         writing a file so that a crash leaves the old one or the new one
    lock          which process receives, which one prints
    creating      a new profile, whole or not at all
    opening       an existing one

Spec: docs/formats.md
"""
