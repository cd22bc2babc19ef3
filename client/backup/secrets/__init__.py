"""What opens a backup: slots, their secrets, and how they are changed.

| module | what it holds |
|---|---|
| keyrings | the next keyring, as a value |
| changing | setting an archive up, changing what opens it: the transactions |
| party | the vaults of a password, asked side by side |
| errands | registering and deleting their records, now or later |
| guessing | opening the password's slot |
| heads | the vaults as keepers of the newest head |
| watching | what they say of tries and guesses |
| strength, well_known | how easily a password is guessed |
| proof | the proof of having written the digits down |
| failures | why something does not open, in words |

Spec: docs/backup.md#changing-what-opens-it, docs/recovery.md
"""
