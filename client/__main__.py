"""``glasspost``, also as ``python -m client``."""

import sys

from client.cli import root


def main() -> None:
    """Run the command line of this process and end with its exit code."""
    sys.exit(root.main())


if __name__ == "__main__":
    main()
