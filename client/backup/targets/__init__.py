"""Where objects of a backup lie.

interface   what every storage can do, and how it fails
sources     what is put: bytes, a file, or what an iterator yields
parse       from what a person typed to a target
folder      a folder on this machine, or what is mounted there
relay       the blobs of a relay, under names that only the locator gives
cloud       everything that Apache OpenDAL speaks
"""
