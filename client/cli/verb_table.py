"""The verbs by what they are for, in the order of the help page, and what each does in a line."""

from typing import Final

GROUPS: Final = {
    "Talk": {
        "chat": "talk, line by line; the first chat sets everything up",
        "send": "send one message",
        "listen": "print each new message once",
    },
    "Read": {
        "history": "a conversation so far",
        "search": "find words in all conversations",
    },
    "Trust": {
        "contacts": "who is known here, and whether their key was checked",
        "verify": "compare safety numbers with somebody",
        "block": "show nothing of somebody any more",
        "unblock": "show it again",
        "trust": "answer when a key has changed",
        "veto": "keep your name when another device asks for it",
    },
    "Look inside": {
        "xray": "every byte of a message, and who can read it",
        "status": "connection, queue, keys, local relay",
    },
    "Keep": {
        "backup": "an encrypted backup: set up, save, verify, change what opens it",
        "restore": "bring messages and files back from a backup",
    },
    "Set up": {
        "register": "take a name at a relay",
        "account": "save what takes over the name when this device is lost",
        "takeover": "take over the name on a new device",
        "padding": "how the sizes of messages are hidden",
        "passphrase": "change, set or remove the passphrase",
        "relay": "the relay that chat started on this machine",
        "completion": "print the completion script of a shell",
    },
}
VERBS: Final = {name: line for verbs in GROUPS.values() for name, line in verbs.items()}
