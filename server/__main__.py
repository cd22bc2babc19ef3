"""The relay's process. Before anything else it makes end-to-end code unloadable.

Whatever is imported here later, by us or by a library, ``protocol.e2ee`` and
``protocol.archive`` are not: a relay that cannot load the code that decrypts
cannot decrypt. Only the process does so, not the package, because a simulation
holds both sides.
"""

import sys

for _package in ("protocol.e2ee", "protocol.archive"):
    sys.modules[_package] = None  # type: ignore[assignment]

from server.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
