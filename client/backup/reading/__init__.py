"""The way back: from a storage and a secret to a history.

    dates       days and minutes, as errors name them
    errors      what can be wrong with a whole backup, in words
    fetching    bounded reads from a storage that may be hostile
    heads       where heads come from: the storage, and each vault
    opening     keyring, root, newest head, manifest
    objects     one object of the manifest, whole or as a stream, proven
    segments    the messages: in which order, and which version of a line counts
    findings    what is wrong with single objects, and whom it affects
    verifying   every object against the manifest
    drilling    everything decoded and counted, and nothing kept
    rows        from lines of an archive to lines of the history
    state       contacts and settings
    restoring   a backup into a profile, new or used: text first
    media       files of messages, after the text and on demand

Spec: docs/backup.md
"""
