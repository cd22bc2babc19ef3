"""A backup: from a history to an archive.

    writer      what a backup is made with, and what it came to
    backup      one backup from beginning to end, in the order that a stop at any point allows
    locking     one process at a time
    progress    how much is done, of how much
    errors      why there is no backup, in words
    storing     an object: sealed, put, noted
    savable     which lines a backup takes
    purging     lines that were removed leave every segment that holds them
    media       files of messages, copied as they lie here
    merging     what is written anew together with new lines
    segments    the lines of each conversation
    singles     contacts and settings; the account key
    sweeping    which backups are kept, which objects go
    manifests   the newest manifest, and older ones that have changed
    publishing  the head: at the vaults, then in the storage; whose head lies there now

Spec: docs/backup.md
"""
