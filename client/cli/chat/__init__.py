"""The line chat: one prompt, lines above it. It is plain, and works wherever a terminal does.

keys.py      bytes from a terminal to keys (sans-I/O)
draft.py     the half-typed text and its cursor (values)
layout.py    where the draft's characters stand on the screen (values)
screen.py    what to write to the terminal so that lines appear above the draft (sans-I/O)
terminal.py  the terminal itself: raw mode, reading, size
commands.py  what a typed line means: a text, or /something
setup.py     the first chat: name, passphrase, relay
takeover_news.py  another device wants our name
talk.py      the conversation: the engine's events to lines, lines to the engine
"""
