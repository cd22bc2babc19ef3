"""What a person sees of backups: digits, passwords, vaults, progress.

| module | what is on the screen |
|---|---|
| digits, page | the 64 digits: on the screen, as QR, on paper; typing them |
| password | typing a password and seeing how good it is |
"""
