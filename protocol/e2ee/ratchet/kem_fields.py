"""What the headers of one chain carry for hybrid steps: the same in each of them.

Any message of a chain may be the first to arrive, so each one brings all that
the step into its chain needs.

Spec: docs/protocol.md#hybrid-steps
"""

from typing import Final, NamedTuple


class KemFields(NamedTuple):
    """KEM key and ciphertext of a chain; an absent one is empty.

    Args:
        attached_key: a fresh ML-KEM-768 key that the next chain of the other
            side must answer, 1,184 bytes.
        ciphertext: the answer to the key that the chain before attached,
            1,088 bytes.
    """

    attached_key: bytes = b""
    ciphertext: bytes = b""


NO_KEM_FIELDS: Final = KemFields()
"""Those of a chain that neither asks nor answers: nearly all."""
