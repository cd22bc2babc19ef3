"""A second reader of backups: what ``scripts/open_backup.py`` is made of.

Written from the published pages alone, and uses nothing of Glasspost: the standard library,
cryptography, pynacl, msgpack, zstandard. So the pages are shown to be enough, and a history can be
read when nothing else of Glasspost is left. Read it in this order:

    conventions   how bytes are joined, checked and derived; errors
    keyring       digits ─▶ root, from which come all other keys
    objects       an encrypted file ─▶ its content
    archive       root ─▶ head ─▶ manifest ─▶ contents
    messages      contents ─▶ lines of JSON
    group, vaults password ─▶ root, by way of the vaults
"""
