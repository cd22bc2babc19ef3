"""What opens a backup: slots, their secrets, and how they are changed.

| module | what it holds |
|---|---|
| strength, well_known | how easily a password is guessed |
| proof | the proof of having written the digits down |

Spec: docs/backup.md#changing-what-opens-it, docs/recovery.md
"""
