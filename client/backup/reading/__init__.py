"""The way back: from a storage and a secret to a history.

    dates       days and minutes, as errors name them
    errors      what can be wrong with a whole backup, in words
    findings    what is wrong with single objects, and whom it affects
    progress    how far a reading has come
    fetching    bounded reads from a storage that may be hostile
    heads       where heads come from: the storage, and each vault
    opening     keyring, root, newest head, manifest
    archive     what is open then
    retained    earlier backups
    objects     one object of the manifest, whole or in parts, proven
    segments    the messages: in which order, and which version of a line counts
    verifying   every object against the manifests
    drilling    everything decoded and counted, and nothing kept
    positions   which lines were seen
    wishes      what is restored, into what, and what it came to
    beginning   from where on, and whose the backup is from then on
    state       contacts and settings
    lines       from a segment to lines of the history
    taking_in   a group of them, in one transaction
    restoring   a backup into a profile, new or used: text first
    media       files of messages, after the text and on demand
    landing     a file on its way here

Spec: docs/backup.md
"""
