"""What a person sees of backups.

| module | what it holds |
|---|---|
| verbs/ | one command of ``glasspost backup`` each |
| room | profile, storage and vaults that the commands work with |
| restoring, noticed | a restore; what was odd about the sources of the newest head |
| saving, changing | a backup; a change of what opens it |
| unlocking | from digits or a password to the root |
| new_secrets | new digits and passwords, all of it asked before anything changes |
| digits, page | the 64 digits: on the screen, as QR, on paper; typing them |
| password | typing a password and seeing how good it is |
| asking, flags, progress | questions, options, bars |
"""
