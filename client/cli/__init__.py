"""The ``glasspost`` command: verbs, output, and the line chat.

root.py        the command and its global options; a verb's module is loaded when it is used
seconds.py     a number of seconds on the command line
settings.py    what the global options say
options.py     the same options behind a verb
running.py     an async verb in an event loop; signals
profiles.py    which profile is meant
descriptors.py descriptors that an option names by number
passphrases.py asking for a passphrase, or reading it from a file
opening.py     profile and engine for a verb
output.py      standard output: lines for people or JSON for programs
console.py     the printing library's console
hints.py       commands in our own words, as they can be typed
asking.py     the questions that a changed key raises
failure.py     every error in three parts: what, why, next
verbs/         one file per verb
chat/          the line chat
"""
